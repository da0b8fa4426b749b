// The work that is measured: each case is the same requests to either server.
import { Connection } from './http-client.ts';
import { measure, mustSucceed, repeat, type Measured } from './load.ts';
import { LONG_METRIC, createExperiment, createRun, type Seeded } from './seed.ts';

const core = '/api/2.0/mlflow';
const BATCH = 1_000;
const BATCH_KEYS = 20;

/** `ms` per case and number of clients. */
export async function logBatches(url: string, clients: number, ms: number): Promise<Measured> {
  const runs = await openRuns(url, clients);
  return await measure(url, clients, ms, async (connection, client, round) => {
    const metrics = Array.from({ length: BATCH }, (_, index) => ({
      key: `m${index % BATCH_KEYS}`,
      value: index / 7,
      timestamp: 1_760_000_000_000 + round,
      step: round * (BATCH / BATCH_KEYS) + Math.floor(index / BATCH_KEYS),
    }));
    mustSucceed(await connection.post(`${core}/runs/log-batch`, JSON.stringify({ run_id: runs[client], metrics })));
    return BATCH;
  });
}

export async function logMetrics(url: string, clients: number, ms: number): Promise<Measured> {
  const runs = await openRuns(url, clients);
  return await measure(url, clients, ms, async (connection, client, round) => {
    const body = `{"run_id":"${runs[client]}","key":"loss","value":${round / 3},"timestamp":${1_760_000_000_000 + round},"step":${round}}`;
    mustSucceed(await connection.post(`${core}/runs/log-metric`, body));
    return 1;
  });
}

export async function shortRuns(url: string, clients: number, ms: number): Promise<Measured> {
  const experiment = await createExperiment(url, `short-${clients}-${Date.now()}`);
  return await measure(url, clients, ms, async (connection) => {
    const run = await createRun(connection, experiment);
    const params = Array.from({ length: 5 }, (_, index) => ({ key: `p${index}`, value: `v${index}` }));
    mustSucceed(await connection.post(`${core}/runs/log-batch`, JSON.stringify({ run_id: run, params })));
    const end = JSON.stringify({ run_id: run, status: 'FINISHED', end_time: Date.now() });
    mustSucceed(await connection.post(`${core}/runs/update`, end));
    return 1;
  });
}

type Read = readonly [name: string, times: number, call: (connection: Connection, seeded: Seeded) => Promise<unknown>];

const search =
  (body: object) =>
  async (connection: Connection, { experiment }: Seeded) => {
    const request = JSON.stringify({ experiment_ids: [experiment], ...body });
    mustSucceed(await connection.post(`${core}/runs/search`, request));
  };

export const reads: readonly Read[] = [
  [
    'search: filter and order by metric, 100 rows',
    30,
    search({ filter: "metrics.m1 > 0.5 and params.p1 = 'x1'", order_by: ['metrics.m2 DESC'], max_results: 100 }),
  ],
  ['search: newest 100', 30, search({ max_results: 100 })],
  ['search: 1,000 ordered by a metric', 8, search({ order_by: ['metrics.m2 DESC'], max_results: 1_000 })],
  [
    'history of 100,000 points',
    4,
    async (connection, { longRun }) => {
      let token = '';
      do {
        const path = `${core}/metrics/get-history?run_id=${longRun}&metric_key=${LONG_METRIC}&max_results=25000`;
        const page = mustSucceed(
          await connection.get(token === '' ? path : `${path}&page_token=${encodeURIComponent(token)}`),
        );
        token = /"next_page_token": ?"([^"]+)"/.exec(page.toString('utf8', page.length - 500))?.[1] ?? '';
      } while (token !== '');
    },
  ],
  [
    'history sampled to 2,500',
    10,
    async (connection, { longRun }) => {
      const path = `${core}/metrics/get-history-bulk-interval?run_ids=${longRun}&metric_key=${LONG_METRIC}&max_results=2500`;
      mustSucceed(await connection.get(path));
    },
  ],
];

/** What four writers notice of one who searches all the time. */
export async function logBesideSearches(url: string, seeded: Seeded, ms: number): Promise<Measured> {
  const [, , ask] = reads[0] ?? [];
  const connection = await Connection.open(url);
  let isOver = false;
  const searching = (async () => {
    while (!isOver) await ask?.(connection, seeded);
  })();
  const measured = await logMetrics(url, 4, ms);
  isOver = true;
  await searching;
  connection.close();
  return measured;
}

export async function measureReads(url: string, seeded: Seeded): Promise<Map<string, Measured>> {
  const results = new Map<string, Measured>();
  for (const [name, times, call] of reads) results.set(name, await repeat(url, times, (each) => call(each, seeded)));
  return results;
}

async function openRuns(url: string, count: number): Promise<string[]> {
  const experiment = await createExperiment(url, `writes-${count}-${Date.now()}`);
  const connection = await Connection.open(url);
  const runs: string[] = [];
  for (let index = 0; index < count; index++) runs.push(await createRun(connection, experiment));
  connection.close();
  return runs;
}
