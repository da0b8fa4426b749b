// Capstan and a real `mlflow server` side by side: the same requests in the same run, in turns, with the ratio of each.
// npm run bench -- tracking [--postgres] [--no-mlflow] [--seconds N]
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from '../tests/support/postgres-server.ts';
import { findClientPython, runPython } from '../tests/support/python.ts';
import { machine } from './measure.ts';
import { logBatches, logBesideSearches, logMetrics, measureReads, reads, shortRuns } from './tracking/cases.ts';
import type { Measured } from './tracking/load.ts';
import { startCapstan, startMlflow, type Peer } from './tracking/peers.ts';
import { rawCommits, rawRows } from './tracking/raw-sqlite.ts';
import { SIZES, costPerRun } from './tracking/scale.ts';
import { seedCapstan, seedMlflow } from './tracking/seed.ts';

const { values } = parseArgs({
  options: {
    mlflow: { type: 'boolean', default: true },
    postgres: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '5' },
  },
  allowNegative: true,
});
const ms = Number(values.seconds) * 1_000;

const python = await findClientPython();
const databases = values.postgres ? await twoPostgres() : undefined;
const capstan = await startCapstan(databases?.urls[0]);
const mlflow = values.mlflow ? await startMlflow(python, databases?.urls[1]) : undefined;

console.log(`${machine()}, load ${loadavg()[0]?.toFixed(1)}`);
line('what', 'Capstan', 'mlflow', 'ratio', 'goal', 'p99 ms', 'p99 ms');
one('start to healthy, s', capstan.startSeconds, mlflow?.startSeconds, '≤ 1');
await sleep(3_000);
one('idle memory (PSS), MiB', capstan.memory(), mlflow?.memory(), '≤ 150');
console.log(
  `raw SQLite here: ${Math.round(rawRows(2_000))} rows/s, ${Math.round(rawCommits(2_000))} commits/s of one row`,
);

type Load = (url: string, clients: number, ms: number) => Promise<Measured>;
const writes: readonly [name: string, load: Load, goals: readonly [string, string]][] = [
  ['log-batch of 1,000, metrics/s', logBatches, ['≥ 40×', '≥ 40×, p99 ≤ 50']],
  ['log-metric, calls/s', logMetrics, ['-', '≥ 100×, p99 ≤ 10']],
  ['run + 5 params + end, runs/s', shortRuns, ['≥ 60×', '≥ 60×']],
];
for (const [name, load, goals] of writes) {
  for (const [index, clients] of [1, 8].entries()) {
    await load(capstan.url, clients, Math.min(ms, 1_000));
    const ours = await load(capstan.url, clients, ms);
    const theirs = mlflow && (await load(mlflow.url, clients, ms));
    rate(`${name}, ${clients} client${clients > 1 ? 's' : ''}`, ours, theirs, goals[index] ?? '-');
  }
}

const seeded = await seedCapstan(capstan);
const seededThere = mlflow && (await seedMlflow(mlflow));
const ours = await measureReads(capstan.url, seeded);
const theirs = mlflow && seededThere && (await measureReads(mlflow.url, seededThere));
const goals = ['≤ 15 ms', '≤ 10 ms', '≤ 120 ms', '≤ 150 ms', '≤ 20 ms'];
for (const [index, [name]] of reads.entries()) latency(name, ours.get(name), theirs?.get(name), goals[index] ?? '-');
rate(
  'log-metric beside searches, 4 clients, calls/s',
  await logBesideSearches(capstan.url, seeded, ms),
  mlflow && seededThere && (await logBesideSearches(mlflow.url, seededThere, ms)),
  'p99 ≤ 50',
);
const [clientOurs, clientTheirs] = [await clientRates(capstan), mlflow && (await clientRates(mlflow))];
for (const [name, value] of Object.entries(clientOurs)) {
  const other = clientTheirs?.[name];
  line(name, figure(value), figure(other), ratio(value, other), '≥ 5×');
}
one('memory after all of it (PSS), MiB', capstan.memory(), mlflow?.memory(), '-');
await capstan.stop();
await mlflow?.stop();
if (!values.postgres) {
  const [small, large] = [await startCapstan(), await startCapstan()];
  line('a run of Capstan, µs', ...SIZES.map((size) => `of ${size}`), 'ratio', 'goal');
  for (const { name, ...cost } of await costPerRun([small, large], ms)) {
    line(name, figure(cost.small), figure(cost.large), ratio(cost.large, cost.small), '≤ 1.5×');
  }
  await small.stop();
  await large.stop();
}
await databases?.stop();

/** Two servers of their own, so that neither waits for the other's disk writes; each waits for the disk itself. */
async function twoPostgres(): Promise<{ urls: string[]; stop(): Promise<void> }> {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'capstan-bench-postgres-')));
  const servers = await Promise.all(folders.map((folder) => startPostgres(folder, { isDurable: true })));
  return {
    urls: servers.map(({ url }) => url),
    async stop() {
      for (const server of servers) await server.stop();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of the `mlflow` package itself, one process. */
async function clientRates({ url }: Peer): Promise<Record<string, number>> {
  const script = fileURLToPath(new URL('tracking/client.py', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'capstan-bench-client-'));
  const { out, err } = await runPython(python, [script], { folder, env: { MLFLOW_TRACKING_URI: url } });
  rmSync(folder, { recursive: true, force: true });
  const last = out
    .trim()
    .split('\n')
    .findLast((text) => text.startsWith('{'));
  if (last === undefined) throw new Error(`The client failed against ${url}: ${err}`);
  return JSON.parse(last) as Record<string, number>;
}

function one(name: string, mine: number, other: number | undefined, goal: string): void {
  line(name, figure(mine), figure(other), ratio(other, mine), goal);
}

function rate(name: string, mine: Measured, other: Measured | undefined, goal: string): void {
  line(
    name,
    figure(mine.rate),
    figure(other?.rate),
    ratio(mine.rate, other?.rate),
    goal,
    figure(mine.p99Ms),
    figure(other?.p99Ms),
  );
}

function latency(name: string, mine: Measured | undefined, other: Measured | undefined, goal: string): void {
  line(
    `${name}, median ms`,
    figure(mine?.p50Ms),
    figure(other?.p50Ms),
    ratio(other?.p50Ms, mine?.p50Ms),
    goal,
    figure(mine?.p99Ms),
    figure(other?.p99Ms),
  );
}

function figure(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function ratio(greater: number | undefined, smaller: number | undefined): string {
  return greater === undefined || smaller === undefined ? '-' : `${(greater / smaller).toFixed(1)}×`;
}

function line(name: string, ...cells: string[]): void {
  console.log(`${name.padEnd(58)}${cells.map((cell, index) => cell.padStart(index === 3 ? 18 : 11)).join('')}`);
}
