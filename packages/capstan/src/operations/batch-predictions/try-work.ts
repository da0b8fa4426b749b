import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobContext } from '#jobs';
import { executorNamed, LOCAL_EXECUTOR } from '#model/pipelines';
import type { Execution, ExecutionResult } from '#ports/executor';
import type { BatchPredictionsDeps } from './deps.ts';
import * as store from './store.ts';
import { resourcesOf } from './views.ts';
import { followReports, type WorkReports } from './worker/reports.ts';
import { resultFile } from './worker/request.ts';

/** Another server has taken it over, or it has ended: whoever sees this has nothing more to say about it. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

export interface Claim {
  readonly deps: BatchPredictionsDeps;
  readonly row: store.BatchRow;
  readonly job: JobContext & { readonly isLastTry: boolean };
  readonly folder: string;
}

export type Change = Parameters<typeof store.changeClaimed>[2];

export interface Tried {
  readonly result: ExecutionResult;
  readonly reports: WorkReports;
  /** By whoever asked for it. */
  readonly isCancelled: boolean;
}

/** How often it is looked how far the work is, and whether it shall end. */
const LOOK_MS = 500;
const GRACE_MS = 10_000;
/** The longest that any may take. */
const LONGEST_MS = 30 * 86_400_000;

/**
 * Runs the process once, and tells how far it is. @throws ClaimLost; DomainError where the executor cannot start it
 * @param command for the job's folder
 */
export async function tryWork(claim: Claim, command: string): Promise<Tried> {
  const { deps, row } = claim;
  const logFile = logFileOf(deps, row.id);
  await mkdir(deps.folders.logs, { recursive: true });
  const reports = await followReports(logFile);
  const attemptId = deps.ids.next('ba');
  await noteClaimed(claim, { attempt: attemptId });
  const execution = await executorOf(claim).start({
    attemptId,
    command,
    cwd: claim.folder,
    env: deps.workerEnvironment,
    logFile,
    timeoutMs: LONGEST_MS,
    graceMs: GRACE_MS,
    files: { root: claim.folder, writes: [resultFile(row.format)], without: [resultFile(row.format)] },
    resources: { cpus: deps.worker.cpus(row.flavor), ...resourcesOf(row) },
  });
  const { result, isCancelled } = await follow(claim, execution, reports);
  await reports.look();
  if (result.machine !== undefined) await noteClaimed(claim, { machine: result.machine });
  return { result, reports, isCancelled };
}

/** @throws DomainError INVALID_ARGUMENT where the server no longer has it */
function executorOf({ deps, row }: Pick<Claim, 'deps' | 'row'>) {
  return executorNamed(deps.executors, row.executor, { field: 'executor', by: 'the request' });
}

/** How the work is started where it is to run. */
export async function commandOf({ deps, row, folder }: Claim): Promise<string> {
  return row.executor === LOCAL_EXECUTOR ? deps.worker.here(folder) : await deps.worker.elsewhere(folder);
}

export function logFileOf({ folders }: Pick<BatchPredictionsDeps, 'folders'>, id: string): string {
  return join(folders.logs, `${id}.log`);
}

async function follow(
  claim: Claim,
  execution: Execution,
  reports: WorkReports,
): Promise<{ result: ExecutionResult; isCancelled: boolean }> {
  const { deps, row, job } = claim;
  let isCancelled = false;
  let lost: ClaimLost | undefined;
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
    await reports.look();
    if (reports.progress) await noteClaimed(claim, progressChange(reports.progress));
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => {
        if (error instanceof ClaimLost) {
          lost = error;
          cancel();
        } else deps.log.warn({ err: error, batchPrediction: row.id }, 'cannot look after the work');
      })
      .finally(() => (looking = undefined));
  }, LOOK_MS);
  try {
    const result = await execution.done;
    if (lost) throw lost;
    return { result, isCancelled };
  } finally {
    clearInterval(timer);
    await looking;
    job.signal.removeEventListener('abort', cancel);
  }
}

export function progressChange({ total, done, failed, rowsPerSecond }: NonNullable<WorkReports['progress']>): Change {
  return { rows_total: total, rows_done: done, rows_failed: failed, rows_per_second: rowsPerSecond };
}

/** @throws ClaimLost */
async function noteClaimed({ deps, row }: Claim, change: Change): Promise<void> {
  if (await deps.database.write((writer) => store.changeClaimed(writer, row, change))) return;
  throw new ClaimLost(`${row.id} is not ours any more`);
}
