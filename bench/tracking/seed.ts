// The same runs in both servers: 10,000 with 20 metrics and 20 params each, and one metric of 100,000 points.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Connection } from './http-client.ts';
import { mustSucceed } from './load.ts';
import type { Peer } from './peers.ts';

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

/** Into its SQLite file, in the shape that its own store writes: through its API this would take most of an hour. */
export async function seedMlflow(peer: Peer): Promise<Seeded> {
  const experiment = await createExperiment(peer.url, 'search');
  const file = new DatabaseSync(join(peer.folder, 'mlflow.db'));
  file.exec('pragma busy_timeout = 10000; begin immediate');
  const run = file.prepare(
    `insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
       source_version, lifecycle_stage, artifact_uri, experiment_id)
     values (?, 'bench', 'UNKNOWN', '', '', 'bench', 'RUNNING', ?, '', 'active', ?, ?)`,
  );
  const point = file.prepare(
    'insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, ?, 0)',
  );
  const latest = file.prepare(
    'insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, 0, ?)',
  );
  const param = file.prepare('insert into params (key, value, run_uuid) values (?, ?, ?)');
  const tag = file.prepare("insert into tags (key, value, run_uuid) values ('mlflow.runName', 'bench', ?)");
  const addRun = (id: string, startTime: number) => {
    run.run(id, startTime, `mlflow-artifacts:/${experiment}/${id}/artifacts`, Number(experiment));
    tag.run(id);
  };
  for (const { index, metrics, params } of runs()) {
    const id = index.toString(16).padStart(32, '0');
    addRun(id, 1_760_000_000_000 + index);
    for (const [key, value] of metrics) {
      point.run(key, value, 1_760_000_000_000, id, 0);
      latest.run(key, value, 1_760_000_000_000, 0, id);
    }
    for (const [key, value] of params) param.run(key, value, id);
  }
  const longRun = 'f'.repeat(32);
  addRun(longRun, 0);
  for (const { key, value, timestamp, step } of longPoints) point.run(key, value, timestamp, longRun, step);
  const last = longPoints.at(-1);
  if (last) latest.run(last.key, last.value, last.timestamp, last.step, longRun);
  file.exec('commit');
  file.close();
  return { experiment, longRun };
}
