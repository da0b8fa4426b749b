import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import type { ModelStatus, PredictOptions } from '#ports/model-runtime';
import type { Frame } from './frames.ts';
import { readHello, type Hello } from './hello.ts';
import { makeJob, type Job } from './jobs.ts';
import { CRASH_WINDOW_MS, restartAfter } from './restarts.ts';
import { watchWorker } from './watch-worker.ts';
import { startWorkerProcess, type WorkerCommand, type WorkerProcess } from './worker-process.ts';

export interface PoolOptions {
  readonly command: Omit<WorkerCommand, 'mark'>;
  readonly workers: number;
  readonly limits: WorkerLimits;
  nextMark(): string;
  /** 0 up to 1. */
  chance(): number;
}

export interface WorkerLimits {
  /** From the start of the process to the loaded and rehearsed model. */
  readonly startMs: number;
  /** For a request without a deadline, or with a later one. */
  readonly requestMs: number;
  /** How far past its deadline a request may keep a worker. */
  readonly overrunMs: number;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Resident memory of a worker with all that it started. */
  readonly maxMemoryBytes: number;
  /** After so many within a minute it rests for half a one. */
  readonly maxCrashes: number;
}

/** Workers of one model: each answers one frame at a time, dead ones are replaced. */
export interface WorkerPool {
  readonly hello: Hello;
  /** @throws DomainError DEADLINE_EXCEEDED, UNAVAILABLE; a request on a dying worker is never sent twice */
  ask(request: Pick<Job, 'header' | 'buffers'>, options: PredictOptions): Promise<Frame>;
  status(): Omit<ModelStatus, 'environment'>;
  /** Waits for what is under way for a while, then leaves no process behind. */
  close(waitMs: number): Promise<void>;
}

type SlotState = 'starting' | 'idle' | 'busy' | 'ending' | 'waiting';

interface Slot {
  state: SlotState;
  process: WorkerProcess | undefined;
  job: Job | undefined;
  memoryBytes: number;
  restarts: number;
  answered: number;
  /** Ended by us for a request that ran over, which says nothing against the model. */
  isStuck: boolean;
}

const LINES_IN_ERRORS = 10;

/** @throws DomainError INVALID_ARGUMENT with what the process printed last when the model cannot be loaded */
export async function openWorkerPool(options: PoolOptions): Promise<WorkerPool> {
  const { limits } = options;
  const queue: Job[] = [];
  const slots: Slot[] = [];
  const closing = new AbortController();
  let crashes: number[] = [];
  let restingUntilMs = 0;
  let lastEnd: { readonly reason: string; readonly lines: readonly string[] } | undefined;
  let onQuiet = (): void => {};

  /** A process with its model loaded. @throws DomainError INVALID_ARGUMENT */
  async function start(slot: Slot): Promise<Hello> {
    slot.state = 'starting';
    slot.isStuck = false;
    const process = await startWorkerProcess({ ...options.command, mark: options.nextMark() });
    slot.process = process;
    if (closing.signal.aborted) await process.end('the model was closed', 0);
    const watching = watchWorker(process, limits, {
      isIdle: () => slot.process === process && slot.state === 'idle',
      slot,
    });
    void process.ended.then(() => watching.stop());
    const first = new Promise<Frame>((resolve) => process.onFrame(resolve));
    const over = new AbortController();
    const winner = await Promise.race([
      first,
      process.ended,
      sleep(limits.startMs, 'late' as const, { signal: over.signal }).catch(() => 'late' as const),
    ]);
    over.abort();
    try {
      if (winner === 'late') await process.end(`it did not load within ${limits.startMs / 1000} s`, limits.graceMs);
      if (typeof winner === 'string') throw cannotLoad(await process.ended, process.lastLines());
      const hello = readHello(winner);
      process.onFrame((frame) => answered(slot, frame));
      void process.ended.then((reason) => lost(slot, process, reason));
      slot.state = 'idle';
      return hello;
    } catch (error) {
      lastEnd = { reason: messageOf(error), lines: process.lastLines() };
      await process.end('its model cannot be loaded', 0);
      slot.process = undefined;
      throw error;
    }
  }

  function answered(slot: Slot, frame: Frame): void {
    const { job } = slot;
    slot.job = undefined;
    if (slot.state === 'busy') slot.state = 'idle';
    slot.answered++;
    job?.resolve(frame);
    dispatch();
  }

  function dispatch(): void {
    for (let job = queue[0]; job !== undefined; job = queue[0]) {
      const slot = slots.find(({ state }) => state === 'idle');
      if (!slot?.process) break;
      queue.shift();
      slot.job = job;
      slot.state = 'busy';
      slot.process.send(job.header, job.buffers);
    }
    if (queue.length === 0 && slots.every(({ job }) => job === undefined)) onQuiet();
  }

  function givenUp(job: Job): void {
    const place = queue.indexOf(job);
    if (place !== -1) queue.splice(place, 1);
    const slot = slots.find((one) => one.job === job);
    if (slot) void endStuck(slot, job);
    else dispatch();
  }

  async function endStuck(slot: Slot, job: Job): Promise<void> {
    const { process } = slot;
    const late = await Promise.race([
      process?.ended,
      sleep(limits.overrunMs, undefined, { signal: closing.signal, ref: false }).catch(() => {}),
    ]);
    if (late !== undefined || slot.job !== job || !process || slot.state !== 'busy') return;
    slot.isStuck = true;
    slot.state = 'ending';
    await process.end('it did not come back from a request that nobody waited for any more', limits.graceMs);
  }

  function lost(slot: Slot, process: WorkerProcess, reason: string): void {
    const { job } = slot;
    lastEnd = { reason, lines: process.lastLines() };
    slot.process = undefined;
    slot.job = undefined;
    slot.memoryBytes = 0;
    job?.reject(unavailable(`The model's process ended while it answered: ${reason}`));
    if (slot.isStuck) void revive(slot, 0);
    else crashed(slot);
    dispatch();
  }

  function crashed(slot: Slot): void {
    const nowMs = performance.now();
    crashes = [...crashes.filter((atMs) => nowMs - atMs < CRASH_WINDOW_MS), nowMs];
    const { kind, afterMs } = restartAfter(crashes, {
      nowMs,
      maxCrashes: limits.maxCrashes,
      chance: options.chance(),
    });
    if (kind === 'rest') restingUntilMs = nowMs + afterMs;
    void revive(slot, afterMs);
    refuseWhileResting();
  }

  /** Nobody waits for a model that will not be there soon. */
  function refuseWhileResting(): void {
    if (performance.now() >= restingUntilMs || slots.some(({ process }) => process !== undefined)) return;
    for (const job of queue.splice(0)) job.reject(resting());
  }

  async function revive(slot: Slot, afterMs: number): Promise<void> {
    slot.state = 'waiting';
    await sleep(afterMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
    if (closing.signal.aborted) return;
    slot.restarts++;
    try {
      await start(slot);
    } catch {
      if (!closing.signal.aborted) crashed(slot);
      return;
    }
    dispatch();
  }

  function unavailable(message: string): DomainError {
    const lines = lastEnd?.lines.slice(-LINES_IN_ERRORS) ?? [];
    return new DomainError('UNAVAILABLE', message, {
      hint: 'It is started anew; the request may be the cause.',
      ...(lines.length > 0 && { details: { lastLines: lines } }),
    });
  }

  function resting(): DomainError {
    const seconds = Math.ceil((restingUntilMs - performance.now()) / 1000);
    return unavailable(
      `The model's process died ${crashes.length} times within a minute, at last: ${lastEnd?.reason ?? ''}. It is tried anew in ${seconds} s`,
    );
  }

  const emptySlot = (): Slot => ({
    state: 'starting',
    process: undefined,
    job: undefined,
    memoryBytes: 0,
    restarts: 0,
    answered: 0,
    isStuck: false,
  });

  const first = emptySlot();
  slots.push(first);
  // One alone shows whether the model can be loaded at all.
  const hello = await start(first);
  for (let index = 1; index < options.workers; index++) {
    const slot = emptySlot();
    slots.push(slot);
    void start(slot).then(dispatch, () => crashed(slot));
  }

  return {
    hello,
    async ask(request, { deadline, signal }) {
      if (signal?.aborted) throw new DomainError('UNAVAILABLE', 'The caller is gone');
      const job = makeJob(
        request,
        { ...(deadline !== undefined && { deadline }), ...(signal && { signal }) },
        limits.requestMs,
        givenUp,
      );
      queue.push(job);
      refuseWhileResting();
      dispatch();
      return await job.answer;
    },
    status() {
      const isLive = slots.some(({ state }) => state === 'idle' || state === 'busy');
      const isResting = performance.now() < restingUntilMs;
      return {
        state: closing.signal.aborted ? 'closed' : isLive ? 'ready' : isResting ? 'failing' : 'starting',
        queued: queue.length,
        workers: slots.map(({ state, process, memoryBytes, restarts, answered: count }) => ({
          pid: process?.pid ?? null,
          state,
          memoryBytes,
          restarts,
          answered: count,
          lastLines: process?.lastLines() ?? [],
        })),
        lastEnd: lastEnd ?? null,
      };
    },
    async close(waitMs) {
      const quiet = new Promise<void>((resolve) => (onQuiet = resolve));
      dispatch();
      const over = new AbortController();
      await Promise.race([quiet, sleep(waitMs, undefined, { signal: over.signal }).catch(() => {})]);
      over.abort();
      closing.abort();
      for (const job of queue.splice(0)) job.reject(unavailable('The model is closed'));
      await Promise.all(
        slots.map(async (slot) => {
          slot.state = 'ending';
          await slot.process?.end('the model was closed', limits.graceMs);
        }),
      );
    },
  };
}

function cannotLoad(reason: string, lines: readonly string[]): DomainError {
  const said = lines.slice(-LINES_IN_ERRORS).join('\n');
  return invalid(`The model cannot be loaded: ${reason}${said === '' ? '' : `\n${said}`}`, {
    field: 'modelFile',
    hint: 'mlflow.pyfunc.load_model(FOLDER) in the same environment shows the same.',
  });
}
