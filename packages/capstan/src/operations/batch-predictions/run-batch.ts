import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { derivedPlace } from '#data/datasets';
import { DomainError, messageOf } from '#kernel/errors';
import { LOCAL_EXECUTOR, slotsOf } from '#model/pipelines';
import type { ExecutionResult } from '#ports/executor';
import type { Blob } from '#ports/blob-store';
import { lastLines } from '#ports/log-pieces';
import { reapLeftover } from '#ports/reap-leftover';
import type { BatchPredictionsDeps } from './deps.ts';
import { endedFact } from './facts.ts';
import { hasEnded, howText, type EndedBatch } from './model.ts';
import { prepareFolder } from './prepare-folder.ts';
import * as store from './store.ts';
import {
  ClaimLost,
  commandOf,
  logFileOf,
  progressChange,
  tryWork,
  type Change,
  type Claim,
  type Tried,
} from './try-work.ts';
import { isReport, type WorkFailure } from './worker/reports.ts';
import { resultFile } from './worker/request.ts';

type End =
  | { readonly state: 'succeeded'; readonly change: Change }
  | { readonly state: 'failed'; readonly failure: WorkFailure }
  | { readonly state: 'cancelled' };

const LOG_LINES = 20;
/** With reports among them. */
const LOOKED_LINES = 10 * LOG_LINES;
/** A process that ends by itself, as one that the kernel takes for want of memory, is tried again so often without an answer between. */
const TRIES_WITHOUT_ANSWER = 3;
/** A machine that goes away is nobody's fault; work that takes one after the other with it may be. As for stages. */
const TRIES_AFTER_LOSS = 2;
/** What may pass by itself: the next try goes on where this one stopped. */
const PASSING: readonly string[] = ['INTERNAL', 'UNAVAILABLE', 'STORAGE_FULL', 'RESOURCE_EXHAUSTED'];

/**
 * Works on a batch prediction until it has ended, or until the server stops: then the job is claimed again, and the work goes
 * on behind the rows whose answers are still in its folder.
 */
export async function runBatch(deps: BatchPredictionsDeps, id: string, job: Claim['job']): Promise<void> {
  const folder = join(deps.folders.work, id);
  const asked = await store.find(deps.database.read, id);
  if (!asked) return;
  // It is in the queue until there is a place for it.
  const leave = await slotsOf(deps, asked.executor).enter({ cpus: 1 }, job.signal);
  try {
    const row = await deps.database.write((writer) => store.takeOver(writer, id, job.attempt, deps.clock.now()));
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
    const left = row.attempt ?? (row.executor === LOCAL_EXECUTOR ? row.id : null);
    if (left !== null) await reapLeftover({ executor: deps.executors.get(row.executor), log: deps.log }, left);
    await settle(claim, row.cancel_requested_at === null ? await work(claim) : { state: 'cancelled' });
  } catch (error) {
    if (error instanceof ClaimLost) return;
    if (job.signal.aborted && !job.isLastTry) throw error;
    if (mayPass(error) && !job.isLastTry) throw error;
    const hint = error instanceof DomainError ? error.hint : undefined;
    await settle(claim, {
      state: 'failed',
      failure: { code: 'INTERNAL', message: messageOf(error), ...(hint !== undefined && { hint }) },
    });
  }
}

/** What no machine of the executor has is not waited for. */
function mayPass(error: unknown): boolean {
  return !(error instanceof DomainError) || (PASSING.includes(error.code) && error.field !== 'resources');
}

async function work(claim: Claim): Promise<End> {
  const { deps, row, folder } = claim;
  await prepareFolder(deps, row, folder);
  const command = await commandOf(claim);
  let [done, withoutAnswer, losses] = [row.rows_done, 0, 0];
  for (;;) {
    const tried = await tryWork(claim, command);
    const end = await endOf(claim, tried);
    if (end) return end;
    if (tried.result.outcome === 'lost') {
      losses += 1;
      if (losses > TRIES_AFTER_LOSS) return failed(await logged(claim, `Its machine was lost ${losses} times`));
      continue;
    }
    const now = tried.reports.progress?.done ?? 0;
    withoutAnswer = now > done ? 0 : withoutAnswer + 1;
    done = Math.max(done, now);
    if (withoutAnswer < TRIES_WITHOUT_ANSWER) continue;
    return failed(tried.reports.failure ?? (await logged(claim, endText(tried.result))));
  }
}

/** Undefined where another try may fare better. */
async function endOf(claim: Claim, { result, reports, isCancelled }: Tried): Promise<End | undefined> {
  if (isCancelled) return { state: 'cancelled' };
  claim.job.signal.throwIfAborted();
  const { outcome, machine } = result;
  if (outcome === 'succeeded') return { state: 'succeeded', change: await keepResult(claim, reports) };
  // It was not cancelled by us.
  if (outcome === 'cancelled')
    return failed({ code: 'CANCELLED', message: `It was ended on ${machine ?? 'its executor'}` });
  const { failure } = reports;
  return failure && !PASSING.includes(failure.code) ? failed(failure) : undefined;
}

const failed = (failure: WorkFailure): End => ({ state: 'failed', failure });

function endText({ exitCode, signal }: ExecutionResult): string {
  return `Its process ended ${signal === null ? `with code ${exitCode}` : `by ${signal}`} ${TRIES_WITHOUT_ANSWER} times`;
}

async function logged({ deps, row }: Claim, message: string): Promise<WorkFailure> {
  const lines = await lastLines(logFileOf(deps, row.id), LOOKED_LINES);
  const others = lines.filter((line) => line !== '' && !isReport(line));
  return { code: 'INTERNAL', message: [message, ...others.slice(-LOG_LINES)].join('\n') };
}

/** The result as a blob and, where one is named, a version of its dataset: the same content again is the same version. */
async function keepResult({ deps, row, folder, job }: Claim, { progress }: Tried['reports']): Promise<Change> {
  const { blobs, datasets, projects } = deps;
  if (!progress) throw new Error(`the log of ${row.id} does not say what it has done`);
  const { digest, sizeBytes }: Blob = await blobs.put(createReadStream(join(folder, resultFile(row.format))));
  const change = { result_digest: digest, result_bytes: sizeBytes, ...progressChange(progress) };
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
