// Many clients at once, each with a connection of its own, log for a while: every call is answered with success, and all of it
// is there. MANY_CLIENTS=1000 MANY_SECONDS=60 npx vitest run --project alone tests/crash/tracking/many-clients.test.ts
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Connection } from '../../../bench/tracking/http-client.ts';
import { startServer } from '../../support/server.ts';

const CLIENTS = Number(process.env['MANY_CLIENTS'] ?? 200);
const SECONDS = Number(process.env['MANY_SECONDS'] ?? 5);
const core = '/api/2.0/mlflow';

interface Logged {
  readonly run: string;
  points: number;
}

async function logUntil(url: string, end: number, failures: string[]): Promise<Logged> {
  const connection = await Connection.open(url);
  const created = await connection.post(`${core}/runs/create`, JSON.stringify({ experiment_id: '0' }));
  const { run } = JSON.parse(created.body.toString('utf8')) as { run: { info: { run_id: string } } };
  const logged = { run: run.info.run_id, points: 0 };
  while (performance.now() < end) {
    const metrics = Array.from({ length: 10 }, () => {
      const step = logged.points++;
      return { key: 'loss', value: step / 2, timestamp: step, step };
    });
    const body = JSON.stringify({ run_id: logged.run, metrics });
    const { status, body: answer } = await connection.post(`${core}/runs/log-batch`, body);
    if (status !== 200) failures.push(`${status}: ${answer.toString('utf8').slice(0, 200)}`);
  }
  connection.close();
  return logged;
}

test(`${CLIENTS} clients for ${SECONDS} s`, { timeout: 120_000 + SECONDS * 5_000 }, async () => {
  const server = await startServer(['--no-serving']);
  const failures: string[] = [];
  const end = performance.now() + SECONDS * 1_000;
  const logged = await Promise.all(Array.from({ length: CLIENTS }, () => logUntil(server.url, end, failures)));
  expect(failures).toEqual([]);

  const connection = await Connection.open(server.url);
  for (const { run, points } of logged) {
    const path = `${core}/metrics/get-history-bulk-interval?run_ids=${run}&metric_key=loss&max_results=2500`;
    const answer = await connection.get(path);
    const { metrics = [] } = JSON.parse(answer.body.toString('utf8')) as { metrics?: { step: number }[] };
    expect(metrics.at(-1)?.step ?? -1).toBe(points - 1);
    if (points <= 2_500) expect(metrics).toHaveLength(points);
  }
  connection.close();
  await server.stop();
  rmSync(server.data, { recursive: true, force: true });
});
