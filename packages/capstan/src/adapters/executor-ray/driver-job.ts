import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import { DomainError } from '#kernel/errors';
import { hasJobEnded, type RayJob, type RayJobs } from './ray-jobs.ts';

const POLL_HELD_MS = 10_000;
const LOOK_EVERY_MS = 1000;
const START_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 5000;
const LAST_WORDS_CHARACTERS = 1500;

export interface RunOrder {
  readonly attempt: string;
  readonly cpus: number;
  readonly gpus: number;
  readonly memoryBytes: number;
}

type Order =
  | ({ readonly kind: 'run' } & RunOrder)
  | { readonly kind: 'forget'; readonly attempt: string }
  | { readonly kind: 'stop' };

/** What the driver says to an order to run. */
export interface DriverAnswer {
  readonly attempt: string;
  /** Nodes that are there, none of which has what is needed; null where the order was taken. */
  readonly refusal: { readonly nodes: readonly string[] } | null;
}

export interface PollMessage {
  /** Number of the last order that was seen. */
  readonly seen: number;
  readonly answers: readonly DriverAnswer[];
}

/** What the driver and the nodes are told. */
export interface AdapterFacts {
  readonly url: string;
  readonly token: string;
  /** How long they go on without hearing of us. */
  readonly lostAfterMs: number;
  /** What a node may keep of files and environments. */
  readonly cacheBytes: number;
}

/** The resident Ray job, from its submission to its end. */
export interface DriverJob {
  /**
   * Settles when it has polled for the first time.
   * @throws DomainError INVALID_ARGUMENT with its last words where it ended before, UNAVAILABLE where it was not heard of
   */
  readonly ready: Promise<void>;
  readonly isGone: boolean;
  order(order: Order): void;
  /** Orders that were not seen yet, as soon as there are any, or none after a while. */
  poll(message: PollMessage, signal: AbortSignal): Promise<{ readonly orders: readonly object[] }>;
  /** Ends it, and what it runs. */
  stop(): Promise<void>;
}

const source = (name: URL): string => readFileSync(name, 'utf8');
const packed = (text: string): string => deflateSync(text).toString('base64');

/** The package that runs on nodes. Each by its own name, so that the build finds them all. */
const RUNNER_FILES = {
  '__init__.py': new URL('./node/capstan_node/__init__.py', import.meta.url),
  'attempt.py': new URL('./node/capstan_node/attempt.py', import.meta.url),
  'cache.py': new URL('./node/capstan_node/cache.py', import.meta.url),
  'calls.py': new URL('./node/capstan_node/calls.py', import.meta.url),
  'environments.py': new URL('./node/capstan_node/environments.py', import.meta.url),
  'files.py': new URL('./node/capstan_node/files.py', import.meta.url),
  'processes.py': new URL('./node/capstan_node/processes.py', import.meta.url),
  'serve.py': new URL('./node/capstan_node/serve.py', import.meta.url),
  'supervision.py': new URL('./node/capstan_node/supervision.py', import.meta.url),
};

/** All of it in one variable: one way to a node, and one hash that it is kept under there. */
function packRunner(): string {
  const files = Object.entries(RUNNER_FILES).map(([name, file]) => [name, source(file)]);
  return packed(JSON.stringify(Object.fromEntries(files)));
}

const BOOTSTRAP = `import base64,os,zlib;exec(compile(zlib.decompress(base64.b64decode(os.environ['CAPSTAN_RAY_DRIVER'])),'capstan-driver','exec'))`;

/**
 * Submits the driver.
 * @param onGone called once when it has ended, or is not heard of
 * @throws DomainError as the jobs' API does
 */
export async function startDriver(
  jobs: RayJobs,
  adapter: AdapterFacts,
  metadata: Readonly<Record<string, string>>,
  on: { gone(reason: string): void; answer(answer: DriverAnswer): void },
): Promise<DriverJob> {
  const id = await jobs.submit({
    entrypoint: `python3 -c "${BOOTSTRAP}"`,
    metadata,
    runtime_env: {
      env_vars: {
        CAPSTAN_RAY_DRIVER: packed(source(new URL('./node/driver.py', import.meta.url))),
        CAPSTAN_RAY_RUNNER: packRunner(),
        CAPSTAN_RAY_ADAPTER: JSON.stringify(adapter),
      },
    },
  });
  const beganMs = performance.now();
  const first = Promise.withResolvers<void>();
  // Whoever starts an attempt waits for it; where nobody does, nobody is to hear of it.
  first.promise.catch(() => {});
  const watching = new AbortController();
  let pending: { readonly number: number; readonly order: Order }[] = [];
  let lastNumber = 0;
  let wake = Promise.withResolvers<void>();
  let hasPolled = false;
  let heldPolls = 0;
  let heardMs = beganMs;
  let isGone = false;

  /** @param code INVALID_ARGUMENT: it would end the same way again */
  function leave(reason: string, code: 'UNAVAILABLE' | 'INVALID_ARGUMENT' = 'UNAVAILABLE'): void {
    if (isGone) return;
    isGone = true;
    watching.abort();
    wake.resolve();
    first.reject(
      new DomainError(code, `The driver does not run on Ray: ${reason}`, {
        field: 'rayAddress',
        hint: "It needs python3 with Ray on the cluster's PATH, and a way from the nodes to this machine (ray-listen, ray-listen-url).",
      }),
    );
    on.gone(reason);
  }

  async function watch(): Promise<void> {
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: watching.signal, ref: false });
      const nowMs = performance.now();
      if (heldPolls > 0) continue;
      const job = await jobs.get(id).catch(() => 'unknown' as const);
      if (job === undefined) leave('Ray knows it no more');
      else if (job !== 'unknown' && hasJobEnded(job))
        leave(lastWords(job), hasPolled ? 'UNAVAILABLE' : 'INVALID_ARGUMENT');
      else if (hasPolled && heldPolls === 0 && nowMs - heardMs > adapter.lostAfterMs) leave('it is not heard of');
      else if (!hasPolled && nowMs - beganMs > START_WITHIN_MS) leave('it did not call back in two minutes');
    }
  }
  // Ends by being aborted.
  watch().catch(() => {});

  return {
    ready: first.promise,
    get isGone() {
      return isGone;
    },
    order(order) {
      pending.push({ number: ++lastNumber, order });
      wake.resolve();
    },
    async poll({ seen, answers }, signal) {
      heldPolls++;
      hasPolled = true;
      first.resolve();
      try {
        pending = pending.filter(({ number }) => number > seen);
        for (const answer of answers) on.answer(answer);
        if (pending.length === 0 && !isGone) {
          wake = Promise.withResolvers();
          const held = AbortSignal.any([signal, AbortSignal.timeout(POLL_HELD_MS)]);
          held.addEventListener('abort', () => wake.resolve(), { once: true });
          await wake.promise;
        }
        return { orders: pending.map(({ number, order }) => ({ number, ...order })) };
      } finally {
        heldPolls--;
        heardMs = performance.now();
      }
    },
    async stop() {
      if (isGone) return;
      isGone = true;
      watching.abort();
      await endJob(jobs, id);
    },
  };
}

/** Ends a job, and waits a while until Ray says that it has. */
export async function endJob(jobs: RayJobs, id: string): Promise<void> {
  await jobs.stop(id);
  const untilMs = performance.now() + STOPPED_WITHIN_MS;
  for (;;) {
    const job = await jobs.get(id);
    if (job === undefined || hasJobEnded(job) || performance.now() > untilMs) return;
    await sleep(100);
  }
}

function lastWords({ status, message }: RayJob): string {
  const text = (message ?? '').trim().slice(-LAST_WORDS_CHARACTERS);
  return `it ended (${status})${text === '' ? '' : `: ${text}`}`;
}
