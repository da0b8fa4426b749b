// For tests only: a project with real flights, and the two modules on a real database, blob store and DuckDB.
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetVersion } from '@capstan/api';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import { createDatasets, type Datasets } from '#data/datasets';
import { createExpectations, type Expectations } from '#data/expectations';
import type { Database } from '#database';
import { createProjects, type Projects } from '#design/projects';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import { randomIds, type Ids } from '#ports/ids';

export const exampleData = fileURLToPath(new URL('../../../../examples/flight-delays/data', import.meta.url));

export interface DataBench {
  readonly folder: string;
  readonly database: Database;
  readonly events: Events;
  readonly projects: Projects;
  readonly datasets: Datasets;
  readonly expectations: Expectations;
  readonly analytics: Analytics;
  readonly blobs: BlobStore;
  readonly clock: { time: number; now(): number };
  readonly ids: Ids;
  /** Puts the first 1,000 flights of months of 2013 into the project's folder: `['01', '02']`. */
  addMonths(months: readonly string[]): Promise<void>;
  /** Puts a whole month there. */
  addWholeMonth(month: string): Promise<void>;
  /** Writes `capstan.yaml` with these lines under `datasets:` and applies it. */
  declare(datasets: string): Promise<void>;
  /** Registers what the project's folder holds, or these files of it. */
  register(files?: readonly string[], more?: { dataset?: string; replace?: boolean }): Promise<DatasetVersion>;
  /** An accepted version of these months. */
  accepted(months: readonly string[]): Promise<DatasetVersion>;
  /** Runs the checks of all pending versions, as the job would. */
  checkAll(): Promise<void>;
  /** Runs the tests of expectations that were asked for, as the job would. */
  testAll(): Promise<void>;
  close(): Promise<void>;
}

export const cause = { actor: 'test' };
export const FLIGHTS = `  flights: {path: data/flights/*.parquet, event_time: time_hour, key: [carrier, flight, origin, time_hour]}`;

export const monthFile = (month: string): string => join(exampleData, 'flights', `2013-${month}.parquet`);

const slices = new Map<string, Uint8Array>();

/** Bytes of a Parquet file with the first 1,000 flights of a month. */
export async function firstFlights(analytics: Analytics, folder: string, month: string): Promise<Uint8Array> {
  const known = slices.get(month);
  if (known) return known;
  const path = join(folder, `slice-${month}.parquet`);
  const flights = { path: monthFile(month), format: 'parquet', label: month } as const;
  const sql = 'select * exclude (capstan_file, capstan_row) from t_rows where capstan_row <= 1000 order by capstan_row';
  await analytics.write({ tables: { t: [flights] }, sql }, { path, format: 'parquet' });
  const bytes = await readFile(path);
  slices.set(month, bytes);
  return bytes;
}

export async function openDataBench(database: Database): Promise<DataBench> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'data-bench-')));
  const folder = join(root, 'project');
  await mkdir(join(folder, 'data', 'flights'), { recursive: true });
  const clock = { time: Date.parse('2014-01-02T00:00:00Z'), now: () => clock.time };
  const ids = randomIds;
  const events = createEvents({ database, clock, ids, jobs: createJobs({ database, clock, ids }) });
  const projects = createProjects({ database, events, clock });
  const blobs = await createBlobFs({ root: join(root, 'blobs') });
  const analytics = createAnalyticsDuckdb({ temporaryFolder: join(root, 'spill') });
  const temporaryFolder = join(root, 'tmp');
  const datasets = createDatasets({ database, events, clock, ids, blobs, analytics, projects, temporaryFolder });
  const expectations = createExpectations({ database, events, datasets, projects, analytics, clock, ids });
  const bench: DataBench = {
    folder,
    database,
    events,
    projects,
    datasets,
    expectations,
    analytics,
    blobs,
    clock,
    ids,
    async addMonths(months) {
      for (const month of months) {
        await writeFile(
          join(folder, 'data', 'flights', `2013-${month}.parquet`),
          await firstFlights(analytics, root, month),
        );
      }
    },
    addWholeMonth: (month) => cp(monthFile(month), join(folder, 'data', 'flights', `2013-${month}.parquet`)),
    async declare(declared) {
      const text = `project: flights
charter:
  owner: operations-analytics
  decision: Warn a passenger when the flight is likely to be late
  value: {currency: USD, true_positive: 12, false_positive: -4, false_negative: -6, true_negative: 0}
datasets:
${declared}
`;
      await writeFile(join(folder, 'capstan.yaml'), text);
      await projects.apply({ folder, text, dryRun: false, cause });
    },
    async checkAll() {
      const asked = (await events.list({ limit: 1_000 })).filter(({ type }) =>
        ['dataset-version.registered', 'dataset-version.recheck-requested'].includes(type),
      );
      for (const { payload } of asked) {
        await expectations.check({ versionId: String(payload['versionId']), cause, isLastTry: false });
      }
    },
    async testAll() {
      for (const { type, payload } of await events.list({ limit: 1_000 }))
        if (type === 'expectation-test.requested')
          await expectations.runTest({ id: String(payload['testId']), cause, isLastTry: false });
    },
    register: (files, more = {}) =>
      datasets.registerFromFolder({ project: 'flights', dataset: 'flights', files, replace: false, cause, ...more }),
    async accepted(months) {
      await bench.addMonths(months);
      const { id } = await bench.register(months.map((month) => `data/flights/2013-${month}.parquet`));
      await bench.checkAll();
      return await datasets.get(id);
    },
    close: () => rm(root, { recursive: true }),
  };
  await bench.declare(FLIGHTS);
  return bench;
}
