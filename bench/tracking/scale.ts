// What a run costs in a database of 100,000 runs against one of 1,000. The runs are put straight into the SQLite file,
// as the server writes them: through its API they would take minutes.
import { DatabaseSync } from 'node:sqlite';
import { shortRuns } from './cases.ts';
import { median } from '../measure.ts';
import { Connection } from './http-client.ts';
import { mustSucceed, repeat } from './load.ts';
import type { Peer } from './peers.ts';
import { createExperiment, createRun } from './seed.ts';

export const SIZES = [1_000, 100_000] as const;
const KEYS = 10;
const START = 1_760_000_000_000;
const core = '/api/2.0/mlflow';

/** Microseconds of a run, in a database of so many. */
interface CostPerRun {
  readonly name: string;
  readonly small: number;
  readonly large: number;
}

const ROUNDS = 3;

/** Two servers, asked in turns so that neither has the quieter moments. `ms` for each load of each. */
export async function costPerRun(peers: readonly [small: Peer, large: Peer], ms: number): Promise<CostPerRun[]> {
  const sides = await Promise.all(
    peers.map(async (peer, index) => {
      const experiment = await createExperiment(peer.url, 'scale');
      await logOne(peer.url, experiment);
      putRuns(peer.database, Number(experiment), SIZES[index] ?? 0);
      await shortRuns(peer.url, 8, Math.min(ms, 1_000));
      return { url: peer.url, experiment, runs: SIZES[index] ?? 0, took: work.map((): number[] => []) };
    }),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of sides) {
      for (const [index, { cost }] of work.entries()) side.took[index]?.push(await cost(side, ms / ROUNDS));
    }
  }
  const [small, large] = sides.map(({ took }) => took.map(median));
  return work.map(({ name }, index) => ({
    name,
    small: small?.[index] ?? Number.NaN,
    large: large?.[index] ?? Number.NaN,
  }));
}

interface Side {
  readonly url: string;
  readonly experiment: string;
  /** How many are searched. */
  readonly runs: number;
}

const work: readonly { readonly name: string; readonly cost: (side: Side, ms: number) => Promise<number> }[] = [
  {
    name: 'run + 5 params + end, 8 clients',
    cost: async ({ url }, ms) => 1e6 / (await shortRuns(url, 8, ms)).rate,
  },
  {
    name: 'newest 100, of those it shows',
    cost: async (side) => (await search(side, { max_results: 100 }, 10)) * 10,
  },
  {
    name: 'filter and order by metric, of those it searches',
    cost: async (side) => {
      const filter = "metrics.m1 > 0.5 and params.p1 = 'x1'";
      return ((await search(side, { filter, order_by: ['metrics.m2 DESC'], max_results: 100 }, 3)) * 1_000) / side.runs;
    },
  },
];

/** Milliseconds. */
async function search({ url, experiment }: Side, request: object, times: number): Promise<number> {
  const body = JSON.stringify({ experiment_ids: [experiment], ...request });
  const { p50Ms } = await repeat(url, times, async (connection) =>
    mustSucceed(await connection.post(`${core}/runs/search`, body)),
  );
  return p50Ms;
}

/** Gives the metrics their ids. */
async function logOne(url: string, experiment: string): Promise<void> {
  const connection = await Connection.open(url);
  const run = await createRun(connection, experiment, 0);
  const metrics = Array.from({ length: KEYS }, (_, key) => ({
    key: `m${key + 1}`,
    value: 0,
    timestamp: START,
    step: 0,
  }));
  mustSucceed(await connection.post(`${core}/runs/log-batch`, JSON.stringify({ run_id: run, metrics })));
  connection.close();
}

/** Each with its metrics, params, name and three facts. */
function putRuns(path: string, experiment: number, count: number): void {
  const file = new DatabaseSync(path);
  file.exec('pragma busy_timeout = 10000; begin immediate');
  const greatest = (column: string, table: string): number =>
    Number(file.prepare(`select coalesce(max(${column}), 0) as greatest from ${table}`).get()?.['greatest']);
  const key = `(${greatest('key', 'runs')} + n.i)`;
  const seq = `(${greatest('seq', 'events')} + (n.i - 1) * 3 + f.i)`;
  const n = `n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
  const k = `k(i) as (select 1 union all select i + 1 from k where i < ${KEYS})`;
  const f = 'f(i) as (select 1 union all select i + 1 from f where i < 3)';
  // Spread as ids of runs are.
  const id = "printf('%08x%024x', (n.i * 2654435761) % 4294967296, n.i)";
  const value = '((n.i * 7919 + k.i * 104729) % 10007) / 10007.0';
  file.exec(`with recursive ${n}
    insert into runs (key, id, experiment_id, name, user_id, status, start_time, end_time, lifecycle, artifact_root, updated_at)
    select ${key}, ${id}, ${experiment}, 'bench', '', 'FINISHED', ${START} + n.i, ${START} + n.i, 'active',
           ${experiment} || '/' || ${id} || '/artifacts', ${START} + n.i from n;
    with recursive ${n} insert into run_tags (run_key, key, value) select ${key}, 'mlflow.runName', 'bench' from n;
    with recursive ${n}, ${k} insert into run_params (run_key, key, value)
    select ${key}, 'p' || k.i, 'x' || ((n.i * 31 + k.i) % 4) from n cross join k;
    with recursive ${n}, ${k} insert into metric_points (run_key, metric_id, step, logged_at, value)
    select ${key}, names.id, 0, ${START}, ${value} from n cross join k join metric_keys names on names.name = 'm' || k.i;
    with recursive ${n}, ${k}
    insert into latest_metrics (run_key, metric_id, step, logged_at, value, min_value, max_value)
    select ${key}, names.id, 0, ${START}, ${value}, ${value}, ${value}
      from n cross join k join metric_keys names on names.name = 'm' || k.i;
    with recursive ${n}, ${f} insert into events (seq, id, type, subject, actor, at, payload, prev_hash, hash)
    select ${seq}, 'ev_' || ${seq}, 'run.logged', 'run:' || ${id}, 'bench', ${START}, '{}', printf('%064x', ${seq}), printf('%064x', ${seq} + 1)
      from n cross join f;
    commit`);
  file.close();
}
