// The same runs in both servers: 10,000 with 20 metrics and 20 params each, and one metric of 100,000 points.
import { Connection } from './http-client.ts';
import { mustSucceed } from './load.ts';
import type { Peer } from './peers.ts';
import { rowsIntoPostgres, rowsIntoSqlite } from './rows-into.ts';

const RUNS = 10_000;
const KEYS = 20;
const POINTS = 100_000;
export const LONG_METRIC = 'loss';

export interface Seeded {
  readonly experiment: string;
  /** The run that has the long metric. */
  readonly longRun: string;
}

/** The same numbers every time, below 1. Source: Lehmer's generator with the constants of Park and Miller, 1988. */
function* numbers(): Generator<number, never> {
  let state = 20_260_101;
  for (;;) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

function* runs(): Generator<{ index: number; metrics: [string, number][]; params: [string, string][] }> {
  const random = numbers();
  for (let index = 0; index < RUNS; index++) {
    yield {
      index,
      metrics: Array.from({ length: KEYS }, (_, key) => [`m${key + 1}`, random.next().value]),
      params: Array.from({ length: KEYS }, (_, key) => [`p${key + 1}`, `x${Math.floor(random.next().value * 4)}`]),
    };
  }
}

const longPoints = Array.from({ length: POINTS }, (_, step) => ({
  key: LONG_METRIC,
  value: Math.exp(-step / 20_000) + (step % 7) / 100,
  timestamp: 1_760_000_000_000 + step,
  step,
}));

const core = '/api/2.0/mlflow';

export async function createExperiment(url: string, name: string): Promise<string> {
  const connection = await Connection.open(url);
  const body = mustSucceed(await connection.post(`${core}/experiments/create`, JSON.stringify({ name })));
  connection.close();
  return (JSON.parse(body.toString('utf8')) as { experiment_id: string }).experiment_id;
}

export async function createRun(connection: Connection, experiment: string, startTime = Date.now()): Promise<string> {
  const body = JSON.stringify({ experiment_id: experiment, start_time: startTime, run_name: 'bench' });
  const reply = mustSucceed(await connection.post(`${core}/runs/create`, body));
  return (JSON.parse(reply.toString('utf8')) as { run: { info: { run_id: string } } }).run.info.run_id;
}

/** Through the API: it takes a minute at most. */
export async function seedCapstan(peer: Peer): Promise<Seeded> {
  const experiment = await createExperiment(peer.url, 'search');
  const connections = await Promise.all(Array.from({ length: 8 }, () => Connection.open(peer.url)));
  const source = runs();
  await Promise.all(
    connections.map(async (connection) => {
      for (const { index, metrics, params } of source) {
        const run = await createRun(connection, experiment, 1_760_000_000_000 + index);
        const body = JSON.stringify({
          run_id: run,
          metrics: metrics.map(([key, value]) => ({ key, value, timestamp: 1_760_000_000_000, step: 0 })),
          params: params.map(([key, value]) => ({ key, value })),
        });
        mustSucceed(await connection.post(`${core}/runs/log-batch`, body));
      }
    }),
  );
  const [connection] = connections;
  if (!connection) throw new Error('no connection');
  const longRun = await createRun(connection, experiment, 0);
  for (let from = 0; from < POINTS; from += 1_000) {
    const body = JSON.stringify({ run_id: longRun, metrics: longPoints.slice(from, from + 1_000) });
    mustSucceed(await connection.post(`${core}/runs/log-batch`, body));
  }
  for (const each of connections) each.close();
  return { experiment, longRun };
}

const START = 1_760_000_000_000;
const LONG_RUN = 'f'.repeat(32);

/** Into its database, in the shape that its own store writes: through its API this would take most of an hour. */
export async function seedMlflow(peer: Peer): Promise<Seeded> {
  const experiment = await createExperiment(peer.url, 'search');
  const sink = peer.database.startsWith('postgresql:')
    ? rowsIntoPostgres(peer.database)
    : rowsIntoSqlite(peer.database);
  const every = [...runs()].map((run) => ({ ...run, id: run.index.toString(16).padStart(32, '0') }));
  const ids = [...every.map(({ id, index }) => [id, START + index] as const), [LONG_RUN, 0] as const];
  const columnsOfRuns =
    'run_uuid name source_type source_name entry_point_name user_id status start_time source_version lifecycle_stage ' +
    'artifact_uri experiment_id';
  await sink.insert(
    'runs',
    columnsOfRuns.split(' '),
    ids.map(([id, start]) => {
      const place = `mlflow-artifacts:/${experiment}/${id}/artifacts`;
      return [id, 'bench', 'UNKNOWN', '', '', 'bench', 'RUNNING', start, '', 'active', place, Number(experiment)];
    }),
  );
  await sink.insert(
    'tags',
    ['key', 'value', 'run_uuid'],
    ids.map(([id]) => ['mlflow.runName', 'bench', id]),
  );
  await sink.insert(
    'params',
    ['key', 'value', 'run_uuid'],
    every.flatMap(({ id, params }) => params.map(([key, value]) => [key, value, id])),
  );
  const isNaN = peer.database.startsWith('postgresql:') ? 'false' : 0;
  const columns = ['key', 'value', 'timestamp', 'step', 'is_nan', 'run_uuid'];
  const points = every.flatMap(({ id, metrics }) => metrics.map(([key, value]) => [key, value, START, 0, isNaN, id]));
  const long = longPoints.map(({ key, value, timestamp, step }) => [key, value, timestamp, step, isNaN, LONG_RUN]);
  await sink.insert('metrics', columns, [...points, ...long]);
  await sink.insert('latest_metrics', columns, [...points, ...long.slice(-1)]);
  await sink.close();
  return { experiment, longRun: LONG_RUN };
}
