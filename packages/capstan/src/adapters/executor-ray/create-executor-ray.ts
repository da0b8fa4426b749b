import { randomBytes } from 'node:crypto';
import { closeSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { conflict, DomainError, invalid } from '#kernel/errors';
import { assertExecution, openLog } from '#ports/check-execution';
import type { Execution, ExecutionSpec, Executor } from '#ports/executor';
import { answerAttempt } from './answer-attempt.ts';
import { STAGING_FOLDER } from './bring-back.ts';
import { carryFiles, createDigestMemo, type CarriedFiles } from './carry-files.ts';
import { endJob, startDriver, type DriverAnswer, type DriverJob, type PollMessage } from './driver-job.ts';
import { LiveAttempt } from './live-attempt.ts';
import { jsonOf, openListener, Refusal, type Call, type Listener } from './listener.ts';
import { createRayJobs, hasJobEnded } from './ray-jobs.ts';

const LOST_AFTER_MS = 15_000;
/** A node gives up first: when this side does, nothing of the command is left there. */
const NODE_GIVES_UP_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 1000;
const CACHE_BYTES = 20 * 2 ** 30;
const OWNER = 'capstan-owner';
const PROCESS = 'capstan-process';

export interface ExecutorRayOptions {
  /** Of the dashboard, e.g. `http://127.0.0.1:8265`. */
  readonly address: string;
  /** Ray's own (RAY_AUTH_TOKEN). */
  readonly token: string;
  /** Names the place that commands are started from, as its folder: what it left behind is found by it. */
  readonly owner: string;
  /** Where driver and nodes call back; a free port of loopback, where left out. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** The same as the nodes reach it, where that is another address. */
  readonly listenUrl?: string;
  /** Real time after which a side that is not heard of is given up. */
  readonly lostAfterMs?: number;
  /** What a node may keep of files and Python environments for commands to come. Default 20 GiB. */
  readonly cacheBytes?: number;
}

export interface ExecutorRay extends Executor {
  /** Cancels what runs, waits for it, and ends the driver and the listener. */
  close(): Promise<void>;
}

/** The driver that takes orders now, with the listener that it calls. */
interface Session {
  readonly driver: DriverJob;
  readonly listener: Listener;
}

/**
 * Runs commands on a Ray cluster. The first one starts the driver job, which takes some seconds; each further one costs
 * milliseconds. CPU and memory are null where the node has no /proc. `machine` is the node's address and id.
 *
 * `start` fails with DomainError as the port says, with UNAUTHENTICATED where Ray refuses the token, and with
 * PERMISSION_DENIED where it asks for none.
 */
export function createExecutorRay(options: ExecutorRayOptions): ExecutorRay {
  const lostAfterMs = options.lostAfterMs ?? LOST_AFTER_MS;
  const cacheBytes = options.cacheBytes ?? CACHE_BYTES;
  const jobs = createRayJobs(options.address, options.token);
  const memo = createDigestMemo();
  const owner = `${hostname()}:${options.owner}`;
  const live = new Map<string, LiveAttempt>();
  const starting = new Set<string>();
  const answers = new Map<string, (answer: DriverAnswer) => void>();
  const closing = new AbortController();
  let session: Promise<Session> | undefined;

  const watch = setInterval(() => {
    for (const attempt of live.values()) if (attempt.silentMs > lostAfterMs + NODE_GIVES_UP_WITHIN_MS) attempt.lose();
  }, LOOK_EVERY_MS).unref();

  function openSession(): Promise<Session> {
    const opened = beginSession();
    const kept = opened.catch((error: unknown) => {
      if (session === kept) session = undefined;
      throw error;
    });
    kept.catch(() => {});
    return kept;
  }

  async function beginSession(): Promise<Session> {
    await jobs.assertGuarded();
    const token = randomBytes(32).toString('base64url');
    const { host, port } = options.listen ?? { host: '127.0.0.1', port: 0 };
    let driver: DriverJob | undefined;
    const listener = await openListener({ host, port }, token, async (call) => await answer(call, () => driver));
    try {
      const url = options.listenUrl ?? urlOf(host, listener.port);
      const metadata = { [OWNER]: owner, [PROCESS]: processMark(process.pid) };
      const own = await startDriver(jobs, { url, token, lostAfterMs, cacheBytes }, metadata, {
        answer: (given) => answers.get(given.attempt)?.(given),
        gone: () => {
          session = undefined;
          for (const attempt of live.values()) attempt.lose();
          void listener.close();
        },
      });
      driver = own;
      const ended = (): void => void own.stop().catch(() => {});
      closing.signal.addEventListener('abort', ended, { once: true });
      await own.ready;
      closing.signal.removeEventListener('abort', ended);
      return { driver: own, listener };
    } catch (error) {
      await listener.close().catch(() => {});
      throw error;
    }
  }

  async function answer(call: Call, driver: () => DriverJob | undefined): Promise<unknown> {
    if (call.area === 'driver') {
      const known = driver();
      // Its first poll may come before Ray has told us that it took the job.
      if (!known) return { orders: [] };
      const hungUp = new AbortController();
      call.response.once('close', () => hungUp.abort());
      return await known.poll((await jsonOf(call.request)) as PollMessage, hungUp.signal);
    }
    const attempt = live.get(call.attemptId);
    if (!attempt || attempt.hasEnded) throw new Refusal(410, 'That attempt counts no more');
    return await answerAttempt(attempt, call);
  }

  /** Undefined where the driver went before it took the order. */
  async function hand(spec: ExecutionSpec, carried: CarriedFiles | undefined): Promise<LiveAttempt | undefined> {
    const log = openLog(spec.logFile);
    const { driver } = await (session ??= openSession()).catch((error: unknown) => {
      closeSync(log);
      throw error;
    });
    const attempt = new LiveAttempt(spec, carried, log);
    live.set(spec.attemptId, attempt);
    void attempt.done.then(() => {
      if (live.get(spec.attemptId) === attempt) live.delete(spec.attemptId);
    });
    const { cpus = 1, gpus = 0, memoryBytes = 0 } = spec.resources ?? {};
    const taken = Promise.withResolvers<DriverAnswer | undefined>();
    answers.set(spec.attemptId, taken.resolve);
    // The driver may go before it answers.
    void attempt.done.then(() => taken.resolve(undefined));
    driver.order({ kind: 'run', attempt: spec.attemptId, cpus, gpus, memoryBytes });
    const said = await taken.promise;
    answers.delete(spec.attemptId);
    if (said === undefined && driver.isGone && !attempt.hasBegun) {
      await attempt.done;
      return undefined;
    }
    if (said?.refusal) {
      attempt.lose();
      await attempt.done;
      throw new DomainError(
        'RESOURCE_EXHAUSTED',
        `No node of the Ray cluster has ${needText(cpus, gpus, memoryBytes)}`,
        {
          field: 'resources',
          hint: `Ask for less, or add a node. There are: ${said.refusal.nodes.join('; ') || 'none'}.`,
        },
      );
    }
    return attempt;
  }

  return {
    async start(spec) {
      assertExecution(spec);
      const { attemptId } = spec;
      if (live.has(attemptId) || starting.has(attemptId)) {
        throw conflict(`The attempt ${attemptId} runs already`, { field: 'attemptId', hint: 'Take a new attempt id.' });
      }
      starting.add(attemptId);
      try {
        session ??= openSession();
        const carried = spec.files && (await carryFiles(spec.files, memo, notCarried(spec)));
        // A driver may have gone and not be known to have: then another one is started.
        const attempt = (await hand(spec, carried)) ?? (await hand(spec, carried));
        if (!attempt) {
          throw new DomainError('UNAVAILABLE', 'The driver on Ray went twice before it took the command', {
            field: 'rayAddress',
            hint: 'See its job on the dashboard of Ray; then try again.',
          });
        }
        return executionOf(attempt, () => {
          void session?.then(
            ({ driver }) => driver.order({ kind: 'forget', attempt: attemptId }),
            () => {},
          );
        });
      } finally {
        starting.delete(attemptId);
      }
    },

    async reap(attemptId) {
      const own = live.get(attemptId);
      if (own) {
        own.cancel();
        await own.done;
        return;
      }
      for (const job of await jobs.list()) {
        const { [OWNER]: of, [PROCESS]: mark = '' } = job.metadata ?? {};
        if (job.submission_id === null || of !== owner || hasJobEnded(job) || isRunning(mark)) continue;
        await endJob(jobs, job.submission_id);
      }
    },

    async close() {
      clearInterval(watch);
      closing.abort();
      const executions = [...live.values()].map(async (attempt) => {
        attempt.cancel();
        await attempt.done;
      });
      await Promise.all(executions);
      const last = await session?.catch(() => undefined);
      session = undefined;
      if (!last) return;
      last.driver.order({ kind: 'stop' });
      await last.driver.stop().catch(() => {});
      await last.listener.close().catch(() => {});
    },
  };
}

function executionOf(attempt: LiveAttempt, forget: () => void): Execution {
  return {
    attemptId: attempt.spec.attemptId,
    done: attempt.done,
    cancel() {
      if (attempt.cancel()) forget();
    },
  };
}

/** A Python environment under the root is not carried: it would not work elsewhere. */
function notCarried({ env, files }: ExecutionSpec): string[] {
  const virtual = env['VIRTUAL_ENV'];
  return [...(files ? [join(files.root, STAGING_FOLDER)] : []), ...(virtual === undefined ? [] : [virtual])];
}

function urlOf(host: string, port: number): string {
  if (/^(0\.0\.0\.0|::|\[::\])$/.test(host)) {
    throw invalid(`Nodes cannot call back to ${host}`, {
      field: 'rayListenUrl',
      hint: 'Give the address of this machine as the nodes reach it, as http://NAME:PORT.',
    });
  }
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}

function needText(cpus: number, gpus: number, memoryBytes: number): string {
  const parts = [
    `${cpus} CPU`,
    ...(gpus > 0 ? [`${gpus} GPU`] : []),
    ...(memoryBytes > 0 ? [`${memoryBytes} bytes of memory`] : []),
  ];
  return parts.join(' and ');
}

/** Number and beginning of a process: never the same for two. */
function processMark(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid}:`;
  }
}

function isRunning(mark: string): boolean {
  const pid = Number(mark.split(':')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return processMark(pid) === mark;
}
