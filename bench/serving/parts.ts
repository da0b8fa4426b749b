// The parts of the benchmark: one row a request, many rows a request, more requests than can be answered.
import { median } from '../measure.ts';
import { httpPost, load, type LoadJob, type LoadResult } from './load.ts';
import type { ModelName, Server } from './servers.ts';

export interface Setup {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Of the part with one row a request. */
  readonly connections: readonly number[];
}

const FEATURES = 8;
/** So many different requests are sent in turn: no answer can be had from a cache. */
const DIFFERENT = 64;
const MANY_ROWS = 1_000;
const NAMES: Readonly<Record<ModelName, string>> = { rf: 'random forest, 100 trees', lr: 'logistic regression' };
const LIMITS = new Set(['bare HTTP echo', 'Fastify + onnxruntime-node']);

function requestsOf(
  server: Server,
  model: ModelName,
  rows: number,
  headers: Readonly<Record<string, string>> = {},
): Buffer[] {
  let state = 1;
  // Values in [-2, 2) of a linear congruential generator: the same for every server.
  const value = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.round((state / 2 ** 32 - 0.5) * 4_000) / 1_000;
  };
  return Array.from({ length: rows === 1 ? DIFFERENT : 8 }, () => {
    const data = Array.from({ length: rows }, () => Array.from({ length: FEATURES }, value));
    return httpPost(server.port, server.path(model), server.body(data), headers);
  });
}

interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Medians over rounds, the servers in turn within each. Answers other than 200 are told, and do not count. */
async function measure(
  servers: readonly Server[],
  job: (server: Server) => Omit<LoadJob, 'host' | 'port' | 'warmUpMs' | 'durationMs'>,
  setup: Setup,
): Promise<Map<Server, Measured>> {
  const results = new Map<Server, LoadResult[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < setup.rounds; round++) {
    for (const server of servers) {
      const { warmUpMs, durationMs } = setup;
      const result = await load({ ...job(server), host: '127.0.0.1', port: server.port, warmUpMs, durationMs });
      const others = Object.keys(result.byStatus).filter((status) => status !== '200');
      if (others.length > 0) console.log(`  ${server.name} answered also ${JSON.stringify(result.byStatus)}`);
      results.get(server)?.push(result);
    }
  }
  return new Map(
    [...results].map(([server, all]) => [
      server,
      {
        perSecond: median(all.map((result) => result.perSecond)),
        p50Ms: median(all.map((result) => result.p50Ms)),
        p99Ms: median(all.map((result) => result.p99Ms)),
      },
    ]),
  );
}

function tellAll(title: string, measured: ReadonlyMap<Server, Measured>, rows: number, goal: string): void {
  const unit = rows === 1 ? 'req/s' : 'rows/s';
  console.log(`\n${title}`);
  for (const [{ name }, { perSecond, p50Ms, p99Ms }] of measured) {
    const rate = (perSecond * rows).toFixed(0).padStart(9);
    console.log(`  ${name.padEnd(28)} ${rate} ${unit}  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms`);
  }
  const own = [...measured].find(([{ name }]) => name === 'Capstan')?.[1];
  if (!own) return;
  const peers = [...measured].filter(([{ name }]) => name !== 'Capstan' && !LIMITS.has(name));
  const best = peers.toSorted(([, a], [, b]) => b.perSecond - a.perSecond)[0];
  const times = (other: number | undefined): string =>
    other === undefined ? '—' : `${(own.perSecond / other).toFixed(2)}×`;
  const limit = [...measured].find(([{ name }]) => name.startsWith('Fastify'))?.[1];
  console.log(
    `  Capstan: ${times(best?.[1].perSecond)} the best peer (${best?.[0].name ?? 'none ran'}), ` +
      `${times(limit?.perSecond)} Fastify + onnxruntime-node; goal ${goal}`,
  );
}

const ONE_ROW_GOALS: Readonly<Record<ModelName, Readonly<Record<number, string>>>> = {
  rf: { 1: '≥ 90×, ≥ 0.8', 8: '≥ 50×, ≥ 0.8', 64: '≥ 40×, ≥ 0.8, p99 ≤ 10 ms' },
  lr: { 1: '≥ 10×', 8: '≥ 18×', 64: '≥ 18×' },
};

export async function measureOne(servers: readonly Server[], model: ModelName, setup: Setup): Promise<void> {
  for (const connections of setup.connections) {
    const measured = await measure(
      servers,
      (server) => ({ requests: requestsOf(server, model, 1), connections }),
      setup,
    );
    const title = `${NAMES[model]}, one row a request, ${connections} connection${connections === 1 ? '' : 's'}`;
    tellAll(title, measured, 1, ONE_ROW_GOALS[model][connections] ?? '');
  }
}

const MANY_ROWS_GOALS: Readonly<Record<ModelName, string>> = { rf: '≥ 1.3× MLServer', lr: '≥ 1.2× MLServer' };

export async function measureMany(servers: readonly Server[], model: ModelName, setup: Setup): Promise<void> {
  // The echo says nothing here: it does not read what it is sent.
  const able = servers.filter(({ name }) => name !== 'bare HTTP echo');
  const job = (server: Server) => ({ requests: requestsOf(server, model, MANY_ROWS), connections: 8 });
  const measured = await measure(able, job, setup);
  tellAll(
    `${NAMES[model]}, ${MANY_ROWS} rows a request, JSON, 8 connections`,
    measured,
    MANY_ROWS,
    MANY_ROWS_GOALS[model],
  );
}

/** An answer that comes later is of no use in this part; the requests say so. */
const DEADLINE_MS = 250;
const OVERLOAD = 3;
const OVERLOAD_ROWS = 100;
const OPEN_CONNECTIONS = 1_024;

/** Open loop: the rate does not fall when the server slows down. Goodput: answers 200 within the deadline, from when due. */
export async function measureOverload(servers: readonly Server[], model: ModelName, setup: Setup): Promise<void> {
  const server = servers.find(({ name }) => name === 'Capstan');
  if (!server) return;
  const { warmUpMs, durationMs } = setup;
  const shared = { host: '127.0.0.1', port: server.port, warmUpMs, durationMs, deadlineMs: DEADLINE_MS };
  const requests = requestsOf(server, model, OVERLOAD_ROWS, { 'x-request-timeout-ms': String(DEADLINE_MS) });
  const ratios: number[] = [];
  console.log(
    `\n${NAMES[model]}, ${OVERLOAD_ROWS} rows a request, open loop at ${OVERLOAD} × what 64 connections get, ` +
      `answers within ${DEADLINE_MS} ms`,
  );
  for (let round = 0; round < setup.rounds; round++) {
    const capacity = await load({ ...shared, requests, connections: 64 });
    const rate = capacity.perSecond * OVERLOAD;
    const over = await load({ ...shared, requests, connections: OPEN_CONNECTIONS, rate });
    ratios.push(over.withinDeadlinePerSecond / capacity.perSecond);
    console.log(
      `  capacity ${capacity.perSecond.toFixed(0)} req/s, goodput ${over.withinDeadlinePerSecond.toFixed(0)} req/s, statuses ` +
        `${JSON.stringify(over.byStatus)}, unanswered ${over.unanswered}, p99 of 200 ${over.p99Ms.toFixed(0)} ms`,
    );
  }
  console.log(`  goodput ${median(ratios).toFixed(2)} of capacity; goal ≥ 0.8`);
}
