import type { PipelineRunSummary, ReportedFact, ReportedPlace, ReportedRun } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, notFound } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';
import type { PipelinesDeps } from '../deps.ts';
import { LOCAL_EXECUTOR } from '../executors.ts';
import { hasEnded } from '../model.ts';
import { recordFacts, type ToldRun } from './report-facts.ts';
import { linkReported } from './report-links.ts';
import { addToLog, storeWhole } from './report-log.ts';
import { refuseUnfitStages, reportedStageRows } from './report-model.ts';
import { trackReported } from './report-tracking.ts';
import * as reports from './report.store.ts';
import * as store from '../store.ts';
import { summaryOf } from '../views.ts';

export type ReportedRunsDeps = Pick<
  PipelinesDeps,
  'database' | 'events' | 'jobs' | 'clock' | 'blobs' | 'modelVersionsOf'
> & {
  readonly tracker: Pick<
    PipelinesDeps['tracker'],
    'begin' | 'ofPipelineRun' | 'logParams' | 'logMetrics' | 'attach' | 'end'
  >;
  readonly datasets: Pick<PipelinesDeps['datasets'], 'recognise'>;
};

/** Runs that others make in checkouts and tell of. Told again, nothing has a second effect. */
export interface ReportedRuns {
  /**
   * Begins a run, or finds the one of that id. `next`: number of the fact to go on with.
   * @throws DomainError INVALID_ARGUMENT for stages that do not fit; CONFLICT where the id is another run's
   */
  begin(run: ReportedRun, cause: Cause): Promise<{ run: PipelineRunSummary; next: number }>;
  /**
   * Takes facts in, all of them or none. Those that are known are passed over; none is a sign of life.
   * @throws DomainError NOT_FOUND; INVALID_ARGUMENT for what cannot be; CONFLICT where some before them are missing, a log
   *   has not come as far as its attempt's end says, or the run has ended
   */
  report(
    id: string,
    told: { readonly from: number; readonly facts: readonly ReportedFact[] },
    cause: Cause,
  ): Promise<{ next: number }>;
  /**
   * Adds what an attempt printed. Returns how many bytes are known.
   * @throws DomainError NOT_FOUND; CONFLICT where bytes between are missing, or the attempt has ended; RESOURCE_EXHAUSTED
   */
  appendLog(attempt: string, offset: number, bytes: Uint8Array): Promise<{ sizeBytes: number }>;
  /** Links a run that has ended with dataset and model versions: the handler of its job. */
  link(id: string): Promise<void>;
  /** Makes an experiment run of what an attempt measured: the handler of its job. */
  track(attempt: string, cause: Cause): Promise<void>;
}

export function createReportedRuns(deps: ReportedRunsDeps): ReportedRuns {
  const { database, events, clock } = deps;

  /** The run, held by the transaction. */
  async function hear(writer: Writer, id: string): Promise<ToldRun> {
    const row = await reports.hear(writer, id, clock.now());
    if (!row) throw notFound('run of a checkout', id);
    return { row, next: row.facts ?? 0 };
  }

  return {
    async begin(run, cause) {
      refuseUnfitStages(run);
      return await database.write(async (writer) => {
        const known = await store.findRun(writer, run.id);
        if (known) {
          if (known.source !== 'checkout' || known.project !== run.project)
            throw conflict(`The id '${run.id}' is another run's`, { field: 'body.id' });
          const { row, next } = await hear(writer, run.id);
          return { run: summaryOf(row, clock.now()), next };
        }
        const row = await store.insertRun(writer, runRow(run, clock.now()), reportedStageRows(run));
        const { by, host, repository, commit } = run.place;
        await events.append(writer, cause, {
          type: 'pipeline-run.reported',
          project: run.project,
          subject: `pipeline-run:${run.id}`,
          payload: {
            pipelineRun: run.id,
            number: row.number,
            by,
            host,
            repository: repository.name,
            ...(commit !== null && { commit }),
            stages: run.stages.length,
          },
        });
        return { run: summaryOf(row, clock.now()), next: 0 };
      });
    },
    async report(id, { from, facts }, cause) {
      const logs = await storeEndedLogs(deps, facts);
      return await database.write(async (writer) => {
        const { row, next } = await hear(writer, id);
        if (from > next)
          throw conflict(`${next} facts of the run are known, and those before ${from} are missing`, {
            field: 'body.from',
            hint: `Go on with ${next}.`,
            details: { next },
          });
        const news = facts.slice(next - from);
        if (news.length === 0) return { next };
        if (hasEnded(row.status)) throw conflict(`The run has ${row.status} already`, { field: 'body.facts' });
        await recordFacts(deps, writer, { row, next }, { facts: news, first: next - from, logs, cause });
        return { next: from + facts.length };
      });
    },
    async appendLog(attemptId, offset, bytes) {
      return await database.write(async (writer) => {
        const attempt = await store.findAttempt(writer, attemptId);
        if (!attempt) throw notFound('stage attempt', attemptId);
        await hear(writer, attempt.pipeline_run);
        if (attempt.status === 'running') return { sizeBytes: await addToLog(writer, attemptId, offset, bytes) };
        const sizeBytes =
          attempt.log_digest === null ? 0 : (await deps.blobs.stat(attempt.log_digest as Digest)).sizeBytes;
        if (offset + bytes.length > sizeBytes)
          throw conflict(`The attempt has ended, with a log of ${sizeBytes} bytes`, { field: 'body.offset' });
        return { sizeBytes };
      });
    },
    link: (id) => linkReported(deps, id),
    track: (attempt, cause) => trackReported(deps, attempt, cause),
  };
}

/** Logs of the attempts that end, as blobs; one that has not come whole has none. Nothing refers to them yet. */
async function storeEndedLogs(
  deps: ReportedRunsDeps,
  facts: readonly ReportedFact[],
): Promise<ReadonlyMap<string, { readonly digest: Digest | undefined; readonly sizeBytes: number }>> {
  const logs = new Map<string, { digest: Digest | undefined; sizeBytes: number }>();
  for (const fact of facts) {
    if (fact.kind !== 'stage-ended' || fact.attempt === null) continue;
    const sizeBytes = await reports.logSize(deps.database.read, fact.attempt);
    if (fact.logBytes !== null && sizeBytes !== fact.logBytes) continue;
    logs.set(fact.attempt, { digest: await storeWhole(deps, fact.attempt, sizeBytes), sizeBytes });
  }
  return logs;
}

function runRow({ id, project, startedAt, place, params }: ReportedRun, now: number) {
  const at = Math.min(startedAt, now);
  return {
    id,
    project,
    status: 'running',
    phase: 'stages',
    revision: 0,
    inputs: '[]',
    params: JSON.stringify(params ?? {}),
    executor: LOCAL_EXECUTOR,
    keeps_going: 0,
    stage_timeout_ms: 0,
    git_commit: place.commit,
    model_versions: '[]',
    fence: 0,
    actor: place.by,
    created_at: at,
    started_at: at,
    source: 'checkout',
    place: JSON.stringify(place satisfies ReportedPlace),
    facts: 0,
    heard_at: now,
  } as const;
}
