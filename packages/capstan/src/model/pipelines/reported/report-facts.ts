import type { ReportedFact } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';
import { endedRow, recordEnd } from '../running/end-run.ts';
import { attemptStatuses, keptPlace, refuseUnfitFact, stageStatuses, type StageSoFar } from './report-model.ts';
import type { ReportedRunsDeps } from './report-run.ts';
import * as reports from './report.store.ts';
import * as store from '../store.ts';

/** A run of a checkout, as far as it was told. */
export interface ToldRun {
  readonly row: store.RunRow;
  /** Number of the fact to go on with. */
  readonly next: number;
}

interface News {
  readonly facts: readonly ReportedFact[];
  /** Place of the first of them in the request. */
  readonly first: number;
  /** Whole logs of the attempts that end. */
  readonly logs: ReadonlyMap<string, { readonly digest: Digest | undefined; readonly sizeBytes: number }>;
  readonly cause: Cause;
}

type Fact<Kind extends ReportedFact['kind']> = Extract<ReportedFact, { kind: Kind }>;

/** Writes facts into the tables of runs, in the caller's transaction. @throws DomainError for one that cannot be */
export async function recordFacts(
  deps: ReportedRunsDeps,
  writer: Writer,
  { row, next }: ToldRun,
  { facts, first, logs, cause }: News,
): Promise<void> {
  const attempts = await store.listAttempts(writer, row.id);
  const running = new Map(attempts.filter(({ status }) => status === 'running').map(({ stage, id }) => [stage, id]));
  const stages = new Map<string, StageSoFar>(
    (await store.listStages(writer, row.id)).map(({ name, status }) => [name, { status, attempt: running.get(name) }]),
  );
  const about = { deps, writer, row, cause };
  for (const [index, fact] of facts.entries()) {
    const field = `body.facts[${first + index}]`;
    if (fact.kind === 'run-ended') {
      if (index < facts.length - 1) throw conflict('Facts follow the end of the run', { field });
      await endRun(about, fact);
      break;
    }
    refuseUnfitFact(fact, stages.get(fact.stage), field);
    if (fact.kind === 'stage-began') {
      await beginAttempt(about, fact, field);
      stages.set(fact.stage, { status: 'running', attempt: fact.attempt });
    } else {
      await endStage(about, fact, logs, field);
      stages.set(fact.stage, { status: stageStatuses[fact.report.outcome], attempt: undefined });
    }
  }
  await reports.countFacts(writer, row.id, next + facts.length);
}

interface About {
  readonly deps: ReportedRunsDeps;
  readonly writer: Writer;
  readonly row: store.RunRow;
  readonly cause: Cause;
}

async function beginAttempt({ deps, writer, row, cause }: About, fact: Fact<'stage-began'>, field: string) {
  if (await store.findAttempt(writer, fact.attempt))
    throw conflict(`The id '${fact.attempt}' is another attempt's`, { field: `${field}.attempt` });
  const number = await store.insertAttempt(writer, {
    id: fact.attempt,
    pipeline_run: row.id,
    stage: fact.stage,
    status: 'running',
    // Its experiment run is made, where it measures anything, when it has ended.
    is_run_ended: 1,
    started_at: fact.at,
  });
  await store.updateStage(writer, row.id, fact.stage, { status: 'running', why: JSON.stringify(fact.why) });
  await deps.events.append(writer, cause, {
    type: 'stage-attempt.reported',
    project: row.project,
    subject: `pipeline-run:${row.id}`,
    payload: {
      pipelineRun: row.id,
      stage: fact.stage,
      attempt: fact.attempt,
      number,
      why: fact.why.map(({ text }) => text),
    },
  });
}

async function endStage(about: About, fact: Fact<'stage-ended'>, logs: News['logs'], field: string): Promise<void> {
  const { deps, writer, row, cause } = about;
  const { outcome, undeclared } = fact.report;
  if (fact.attempt !== null) await endAttempt(about, { ...fact, attempt: fact.attempt }, logs, field);
  await store.updateStage(writer, row.id, fact.stage, {
    status: stageStatuses[outcome],
    is_cached: outcome === 'restored' ? 1 : 0,
    why: JSON.stringify(fact.why),
    reason: fact.reason,
    ended_at: fact.at,
    report: JSON.stringify(fact.report),
  });
  // A pipeline of a thousand stages of which one ran makes one fact of it.
  if (outcome === 'unchanged') return;
  await deps.events.append(writer, cause, {
    type: 'stage.reported',
    project: row.project,
    subject: `pipeline-run:${row.id}`,
    payload: {
      pipelineRun: row.id,
      stage: fact.stage,
      outcome,
      ...(undeclared !== null && undeclared.length > 0 && { undeclared }),
    },
  });
}

async function endAttempt(
  { deps, writer, row, cause }: About,
  fact: Fact<'stage-ended'> & { readonly attempt: string },
  logs: News['logs'],
  field: string,
): Promise<void> {
  const log = logs.get(fact.attempt);
  const sizeBytes = await reports.logSize(writer, fact.attempt);
  if (log?.sizeBytes !== sizeBytes)
    throw conflict(`${sizeBytes} bytes of the attempt's log have come, and ${fact.logBytes} are told`, {
      field: `${field}.logBytes`,
      hint: 'Send the log first.',
      details: { attempt: fact.attempt, sizeBytes },
    });
  const status = attemptStatuses[fact.report.outcome] ?? 'failed';
  await store.updateAttempt(writer, fact.attempt, {
    status,
    reason: fact.reason,
    ended_at: fact.at,
    exit_code: fact.exitCode,
    signal: fact.signal,
    duration_ms: Math.round(fact.durationMs),
    cpu_ms: fact.cpuMs === null ? null : Math.round(fact.cpuMs),
    peak_memory_bytes: fact.peakMemoryBytes === null ? null : Math.round(fact.peakMemoryBytes),
    log_digest: log.digest ?? null,
  });
  await reports.removePieces(writer, fact.attempt);
  const attempt = await store.findAttempt(writer, fact.attempt);
  const event = await deps.events.append(writer, cause, {
    type: 'stage-attempt.ended',
    project: row.project,
    subject: `pipeline-run:${row.id}`,
    payload: {
      pipelineRun: row.id,
      stage: fact.stage,
      attempt: fact.attempt,
      number: attempt?.number ?? 1,
      outcome: status,
      ...(fact.exitCode !== null && { exitCode: fact.exitCode }),
      durationMs: fact.durationMs,
    },
  });
  if (status !== 'succeeded' || Object.keys(fact.report.metrics).length === 0) return;
  await deps.jobs.enqueue(
    writer,
    'pipelines.track',
    { attempt: fact.attempt },
    { uniqueKey: `pipelines.track:${fact.attempt}`, causedBy: event.seq },
  );
}

async function endRun({ deps, writer, row, cause }: About, fact: Fact<'run-ended'>): Promise<void> {
  const reason = 'its run ended before it did';
  await reports.endOpenAttempts(writer, row.id, fact.at, reason);
  const end = { outcome: fact.outcome, reason: fact.reason, runIds: [], modelVersions: [] };
  const place = fact.keptAs === undefined ? undefined : keptPlace(row.place, fact.keptAs);
  await store.updateRun(writer, row, { ...endedRow(end, fact.at), ended_at: fact.at, ...(place && { place }) });
  const { seq } = await recordEnd(deps, writer, row, end, cause);
  await deps.jobs.enqueue(
    writer,
    'pipelines.link',
    { pipelineRun: row.id },
    { uniqueKey: `pipelines.link:${row.id}`, causedBy: seq },
  );
}
