// What a checkout may tell of its run, and what follows from it. Pure.
import type {
  AttemptStatus,
  ReportedFact,
  ReportedOutcome,
  ReportedPlace,
  ReportedRun,
  StageStatus,
} from '@capstan/api';
import { conflict, invalid, notFound } from '#kernel/errors';
import { hasEnded } from '../model.ts';
import type { NewStage, RunRow } from '../store.ts';

/** A client says something at least every ten seconds. */
export const LOST_AFTER_MS = 60_000;
/** Bytes of one log that a checkout may send. */
export const LONGEST_LOG_BYTES = 256 * 1024 * 1024;

/** Whether a run of a checkout claims to go on, and nothing was heard of it for too long. Derived at each read. */
export function isLost(
  { source, status, heard_at: heardAt }: Pick<RunRow, 'source' | 'status' | 'heard_at'>,
  now: number,
): boolean {
  return source === 'checkout' && !hasEnded(status) && now - (heardAt ?? 0) > LOST_AFTER_MS;
}

/** @throws DomainError INVALID_ARGUMENT for stages of one name, or one after a stage that is none of the run's */
export function refuseUnfitStages({ stages }: ReportedRun): void {
  const names = new Set<string>();
  for (const [index, { name }] of stages.entries()) {
    if (names.has(name)) throw invalid(`Two stages are called '${name}'`, { field: `body.stages[${index}].name` });
    names.add(name);
  }
  for (const [index, { after }] of stages.entries()) {
    const unknown = after.find((name) => !names.has(name));
    if (unknown !== undefined)
      throw invalid(`No stage of the run is called '${unknown}'`, { field: `body.stages[${index}].after` });
  }
}

export function reportedStageRows({ id, project, stages }: ReportedRun): NewStage[] {
  return stages.map((stage, position) => ({
    pipeline_run: id,
    name: stage.name,
    project,
    position,
    status: 'waiting',
    is_cached: 0,
    description: stage.description,
    command: stage.command,
    after: JSON.stringify(stage.after),
    inputs: JSON.stringify(stage.inputs),
    outputs: JSON.stringify(stage.outputs),
    why: '[]',
  }));
}

/** The place of a run whose experiment is kept now, as its row has it; undefined for a run that is kept as none. */
export function keptPlace(place: string | null, commit: string): string | undefined {
  const told = place === null ? undefined : (JSON.parse(place) as ReportedPlace);
  return told?.experiment && JSON.stringify({ ...told, experiment: { ...told.experiment, commit } });
}

export const stageStatuses = {
  ran: 'succeeded',
  restored: 'succeeded',
  recorded: 'succeeded',
  unchanged: 'succeeded',
  failed: 'failed',
  lost: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
} as const satisfies Record<ReportedOutcome, StageStatus>;

/** How an attempt ended, for the outcomes that one may have. */
export const attemptStatuses: { readonly [O in ReportedOutcome]?: Exclude<AttemptStatus, 'running' | 'timed-out'> } = {
  ran: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  lost: 'lost',
};

/** A stage as far as facts about it are judged. */
export interface StageSoFar {
  readonly status: StageStatus;
  /** The attempt that runs. */
  readonly attempt: string | undefined;
}

/**
 * Judges a fact by what was told before it.
 * @param field of the fact in the request
 * @throws DomainError NOT_FOUND for a stage that is none of the run's; INVALID_ARGUMENT or CONFLICT for what cannot follow
 */
export function refuseUnfitFact(
  fact: Exclude<ReportedFact, { kind: 'run-ended' }>,
  stage: StageSoFar | undefined,
  field: string,
): void {
  if (!stage) throw notFound('stage of the run', fact.stage);
  if (fact.kind === 'stage-began') {
    if (stage.status !== 'waiting')
      throw conflict(`The stage '${fact.stage}' is ${stage.status} already`, { field: `${field}.stage` });
    return;
  }
  const { outcome } = fact.report;
  if (stage.status !== 'waiting' && stage.status !== 'running')
    throw conflict(`The stage '${fact.stage}' has ${stage.status} already`, { field: `${field}.stage` });
  if (fact.attempt !== (stage.attempt ?? null))
    throw invalid(`The stage '${fact.stage}' has ${stage.attempt ?? 'no attempt'} under way`, {
      field: `${field}.attempt`,
    });
  const fits = fact.attempt === null ? outcome !== 'ran' && outcome !== 'lost' : attemptStatuses[outcome] !== undefined;
  if (!fits)
    throw invalid(`A stage ${fact.attempt === null ? 'without' : 'with'} an attempt cannot end as ${outcome}`, {
      field: `${field}.report.outcome`,
    });
}

/** @throws DomainError CONFLICT: nobody but its own process can end a run of a checkout */
export function refuseCheckout(
  { source, place }: Pick<RunRow, 'source' | 'place'>,
  asked: 'cancelled' | 'run again',
): void {
  if (source === 'server') return;
  const host = place === null ? 'its checkout' : (JSON.parse(place) as ReportedPlace).host;
  throw conflict(`A run of a checkout cannot be ${asked} from here`, {
    field: 'run',
    hint:
      asked === 'cancelled'
        ? `End it where it runs, on ${host}: Ctrl-C at its terminal.`
        : `Run it where its checkout is, on ${host}: capstan repro.`,
  });
}
