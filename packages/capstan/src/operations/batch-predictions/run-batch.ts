import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { derivedPlace } from '#data/datasets';
import type { JobContext } from '#jobs';
import { DomainError, messageOf } from '#kernel/errors';
import type { ExecutionResult } from '#ports/executor';
import type { Blob } from '#ports/blob-store';
import { lastLines } from '#ports/log-pieces';
import { reapLeftover } from '#ports/reap-leftover';
import type { BatchPredictionsDeps } from './deps.ts';
import { endedFact } from './facts.ts';
import { hasEnded, howText, type EndedBatch } from './model.ts';
import { prepareFolder } from './prepare-folder.ts';
import * as store from './store.ts';
import { resultFile, workFailure, workFiles, workProgress, type WorkFailure } from './worker/request.ts';

/** Another server has taken it over, or it has ended: whoever sees this has nothing more to say about it. */
class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

type BatchJob = JobContext & { readonly isLastTry: boolean };

interface Claim {
  readonly deps: BatchPredictionsDeps;
  readonly row: store.BatchRow;
  readonly job: BatchJob;
  readonly folder: string;
}

type Change = Parameters<typeof store.changeClaimed>[2];

type End =
  | { readonly state: 'succeeded'; readonly change: Change }
  | { readonly state: 'failed'; readonly failure: WorkFailure }
  | { readonly state: 'cancelled' };

/** How often it is looked how far the work is, and whether it shall end. */
const LOOK_MS = 500;
const GRACE_MS = 10_000;
const LONGEST_MS = 30 * 86_400_000;
const LOG_LINES = 20;
/** A process that ends by itself, as one that the kernel takes for want of memory, is tried again so often without an answer between. */
const TRIES_WITHOUT_ANSWER = 3;
/** What may pass by itself: the next try goes on where this one stopped. */
const PASSING: readonly string[] = ['INTERNAL', 'UNAVAILABLE', 'STORAGE_FULL', 'RESOURCE_EXHAUSTED'];

/**
 * Works on a batch prediction until it has ended, or until the server stops: then the job is claimed again, and the work goes
 * on behind the rows that have been answered.
 */
export async function runBatch(deps: BatchPredictionsDeps, id: string, job: BatchJob): Promise<void> {
  // It is in the queue until there is a place for it.
  const leave = await deps.slots.enter({ cpus: 1 }, job.signal);
  try {
    const row = await deps.database.write((writer) => store.takeOver(writer, id, job.attempt, deps.clock.now()));
    const folder = join(deps.folders.work, id);
    if (row) await runClaimed({ deps, row, job, folder });
    else if (hasEnded((await store.find(deps.database.read, id))?.state ?? 'cancelled')) await sweep(deps, id, folder);
  } finally {
    leave();
  }
}

async function runClaimed(claim: Claim): Promise<void> {
  const { deps, row, job } = claim;
  try {
    // The process of an earlier server may still be at it: two must not write the same files.
    await reapLeftover({ executor: deps.executor, log: deps.log }, row.id);
    await settle(claim, row.cancel_requested_at === null ? await work(claim) : { state: 'cancelled' });
  } catch (error) {
    if (error instanceof ClaimLost) return;
    if (job.signal.aborted && !job.isLastTry) throw error;
    const isPassing = !(error instanceof DomainError) || PASSING.includes(error.code);
    if (isPassing && !job.isLastTry) throw error;
    const hint = error instanceof DomainError ? error.hint : undefined;
    await settle(claim, {
      state: 'failed',
      failure: { code: 'INTERNAL', message: messageOf(error), ...(hint !== undefined && { hint }) },
    });
  }
}

async function work(claim: Claim): Promise<End> {
  const { deps, job } = claim;
  await prepareFolder(deps, claim.row, claim.folder);
  for (let withoutAnswer = 0; ;) {
    const before = await rowsDone(claim.folder);
    const { result, isCancelled } = await execute(claim);
    if (isCancelled) return { state: 'cancelled' };
    job.signal.throwIfAborted();
    if (result.outcome === 'succeeded') return { state: 'succeeded', change: await keepResult(claim) };
    const failure = await failureIn(claim.folder);
    if (failure && !PASSING.includes(failure.code)) return { state: 'failed', failure };
    withoutAnswer = (await rowsDone(claim.folder)) > before ? 0 : withoutAnswer + 1;
    if (withoutAnswer < TRIES_WITHOUT_ANSWER) continue;
    return { state: 'failed', failure: failure ?? (await lostText(claim, result)) };
  }
}

/** Runs the process, and tells how far it is. */
async function execute(claim: Claim): Promise<{ result: ExecutionResult; isCancelled: boolean }> {
  const { deps, row, job, folder } = claim;
  await mkdir(deps.folders.logs, { recursive: true });
  const execution = await deps.executor.start({
    attemptId: row.id,
    command: `exec ${[...deps.workerCommand, folder].map(quoted).join(' ')}`,
    cwd: folder,
    env: deps.workerEnvironment,
    logFile: logFileOf(deps, row.id),
    timeoutMs: LONGEST_MS,
    graceMs: GRACE_MS,
  });
  let isCancelled = false;
  let isLost = false;
  const cancel = () => execution.cancel();
  job.signal.addEventListener('abort', cancel, { once: true });
  if (job.signal.aborted) cancel();
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const found = await store.find(deps.database.read, row.id);
    if (found?.cancel_requested_at != null) {
      isCancelled = true;
      cancel();
    }
    if (!(await noteProgress(claim))) {
      isLost = true;
      cancel();
    }
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => deps.log.warn({ err: error, batchPrediction: row.id }, 'cannot look after the work'))
      .finally(() => (looking = undefined));
  }, LOOK_MS);
  try {
    const result = await execution.done;
    if (isLost) throw new ClaimLost(`another server works on ${row.id} now`);
    return { result, isCancelled };
  } finally {
    clearInterval(timer);
    await looking;
    job.signal.removeEventListener('abort', cancel);
  }
}

/** False when the claim no longer holds. */
async function noteProgress({ deps, row, folder }: Claim): Promise<boolean> {
  const found = await readWhole(join(folder, workFiles.progress));
  if (found === undefined) return true;
  const { total, done, failed, rowsPerSecond } = workProgress.parse(found);
  const change = { rows_total: total, rows_done: done, rows_failed: failed, rows_per_second: rowsPerSecond };
  return await deps.database.write((writer) => store.changeClaimed(writer, row, change));
}

async function rowsDone(folder: string): Promise<number> {
  const found = await readWhole(join(folder, workFiles.progress));
  return found === undefined ? 0 : workProgress.parse(found).done;
}

async function failureIn(folder: string): Promise<WorkFailure | undefined> {
  const found = await readWhole(join(folder, workFiles.failure));
  return found === undefined ? undefined : workFailure.parse(found);
}

async function readWhole(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

async function lostText({ deps, row }: Claim, { exitCode, signal }: ExecutionResult): Promise<WorkFailure> {
  const lines = await lastLines(logFileOf(deps, row.id), LOG_LINES);
  const how = signal === null ? `with code ${exitCode}` : `by ${signal}`;
  return { code: 'INTERNAL', message: [`Its process ended ${how} ${TRIES_WITHOUT_ANSWER} times`, ...lines].join('\n') };
}

function logFileOf({ folders }: BatchPredictionsDeps, id: string): string {
  return join(folders.logs, `${id}.log`);
}

/** The result as a blob and, where one is named, a version of its dataset: the same content again is the same version. */
async function keepResult({ deps, row, folder, job }: Claim): Promise<Change> {
  const { blobs, datasets, projects } = deps;
  const { digest, sizeBytes }: Blob = await blobs.put(createReadStream(join(folder, resultFile(row.format))));
  const progress = workProgress.parse(await readWhole(join(folder, workFiles.progress)));
  const change = {
    result_digest: digest,
    result_bytes: sizeBytes,
    rows_total: progress.total,
    rows_done: progress.done,
    rows_failed: progress.failed,
    rows_per_second: progress.rowsPerSecond,
  };
  if (row.to_dataset === null) return change;
  const declared = (await projects.get(row.project)).declaration.datasets[row.to_dataset];
  const path = derivedPlace(declared?.path, row.to_dataset);
  const version = await datasets.registerFiles({
    project: row.project,
    dataset: row.to_dataset,
    files: [{ path, digest, sizeBytes }],
    origin: 'predictions',
    replace: true,
    parents: [{ versionId: row.input_version, how: howText({ ...row, version: row.model_version }) }],
    cause: job.cause,
  });
  return { ...change, output_version: version.id, output_number: version.number };
}

async function settle(claim: Claim, end: End): Promise<void> {
  const { deps, row, folder, job } = claim;
  const change: Change = { ...changeOf(end), state: end.state, ended_at: deps.clock.now() };
  await deps.database.write(async (writer) => {
    if (!(await store.changeClaimed(writer, row, change))) throw new ClaimLost(`${row.id} is not ours`);
    const now = await store.find(writer, row.id);
    if (now) await deps.events.append(writer, job.cause, endedFact({ ...now, state: end.state satisfies EndedBatch }));
  });
  await sweep(deps, row.id, folder);
}

/** A kill before it leaves it to the next try of the job. */
async function sweep(deps: BatchPredictionsDeps, id: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rm(logFileOf(deps, id), { force: true });
}

function changeOf(end: End): Change {
  if (end.state === 'succeeded') return end.change;
  if (end.state === 'cancelled') return {};
  const { message, hint, row, column } = end.failure;
  return {
    reason: hint === undefined ? message : `${message}. ${hint}`,
    failed_row: row ?? null,
    failed_column: column ?? null,
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
