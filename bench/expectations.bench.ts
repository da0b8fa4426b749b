// Profile and expectations of 336,776 flights beside what DuckDB needs to summarise them and beside the same
// rules by the real Great Expectations: node bench/expectations.bench.ts [--rounds N]
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { expectationSuite, type DatasetVersion } from '@capstan/api';
import { createAnalyticsDuckdb } from '../packages/capstan/src/adapters/analytics-duckdb/index.ts';
import { profileFiles } from '../packages/capstan/src/data/datasets/profile.ts';
import { evaluate } from '../packages/capstan/src/data/expectations/evaluate.ts';
import { findBenchPython } from '../tests/support/python.ts';
import { emptyFolder } from '../tests/support/server.ts';
import { median, tell } from './measure.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
const folder = fileURLToPath(new URL('../examples/flight-delays/data/flights', import.meta.url));
const analytics = createAnalyticsDuckdb({ temporaryFolder: join(emptyFolder(), 'spill') });

const files = await Promise.all(
  readdirSync(folder)
    .filter((name) => name.endsWith('.parquet'))
    .toSorted()
    .map(async (place) => {
      const file = { path: join(folder, place), format: 'parquet', label: place } as const;
      return { ...file, ...(await analytics.inspect(file)), place };
    }),
);
const columns = await analytics.columnsOf(files);
const rows = files.reduce((total, file) => total + file.rows, 0);
const version: DatasetVersion = {
  id: 'dv_bench',
  project: 'bench',
  dataset: 'flights',
  number: 1,
  status: 'pending',
  origin: 'files',
  digest: '',
  rows,
  sizeBytes: 0,
  fileCount: files.length,
  eventTime: null,
  createdAt: 0,
  checkedAt: null,
  files: [],
  columns: [...columns],
  eventTimeColumn: 'time_hour',
  parents: [],
  profile: null,
  report: null,
  quarantinedRows: 0,
  quarantine: null,
};

/** 40 rules: types, missing values, ranges, domains, patterns, a mean and the number of rows. */
const whole = ['flight', 'sched_dep_time', 'sched_arr_time', 'distance', 'month', 'day', 'hour', 'minute'];
const late = ['dep_time', 'arr_time', 'dep_delay', 'arr_delay'];
const suite = expectationSuite.parse({
  table: { rows_min: 100_000, rows_max: 1_000_000 },
  columns: {
    ...Object.fromEntries(whole.map((name) => [name, { type: 'integer', missing_max: 0, range: [0, 9_999] }])),
    ...Object.fromEntries(late.map((name) => [name, { missing_max: 0.1, range: [-200, 2_400] }])),
    carrier: { missing_max: 0, pattern: '[A-Z0-9]{2}' },
    origin: { missing_max: 0, domain: ['EWR', 'JFK', 'LGA'] },
    dest: { pattern: '[A-Z]{3}' },
  },
});

/** The same rules in the words of Great Expectations; its pandas engine, which is the one without a database. */
const rulesOfPeer: readonly (readonly [string, Record<string, unknown>])[] = [
  ['ExpectTableRowCountToBeBetween', { min_value: 100_000, max_value: 1_000_000 }],
  ['ExpectTableColumnsToMatchSet', { column_set: columns.map(({ name }) => name), exact_match: true }],
  ['ExpectColumnValuesToNotBeNull', { column: 'time_hour' }],
  ...Object.entries(suite.columns).flatMap(([column, { type, missing_max: missing, range, domain, pattern }]) => [
    ...(type === undefined
      ? []
      : [named('ExpectColumnValuesToBeInTypeList', { column, type_list: ['int32', 'int64'] })]),
    ...(missing === undefined ? [] : [named('ExpectColumnValuesToNotBeNull', { column, mostly: 1 - missing })]),
    ...(range ? [named('ExpectColumnValuesToBeBetween', { column, min_value: range[0], max_value: range[1] })] : []),
    ...(domain ? [named('ExpectColumnValuesToBeInSet', { column, value_set: domain })] : []),
    ...(pattern === undefined ? [] : [named('ExpectColumnValuesToMatchRegex', { column, regex: `^(?:${pattern})$` })]),
  ]),
];

function named(name: string, given: Record<string, unknown>): readonly [string, Record<string, unknown>] {
  return [name, given];
}

/** Rounds of Great Expectations, one for each call. */
async function startPeer() {
  const script = fileURLToPath(new URL('great-expectations.py', import.meta.url));
  const asked = JSON.stringify({ files: files.map(({ path }) => path), rules: rulesOfPeer });
  const home = emptyFolder();
  const child = spawn(await findBenchPython('expectations'), [script, asked], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8', GX_ANALYTICS_ENABLED: 'false' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('Great Expectations ended before its time');
    return JSON.parse(value) as unknown;
  };
  const { version: peerVersion } = (await next()) as { version: string };
  return {
    version: peerVersion,
    async round() {
      child.stdin.write('round\n');
      return (await next()) as { read: number; validate: number; rules: number; broken: string[] };
    },
    end: () => child.stdin.end(),
  };
}

const works = {
  summarize: () => analytics.query({ tables: { data: files }, sql: 'select * from (summarize data)' }),
  rules: () =>
    evaluate({
      version,
      files,
      profiled: { profile: null, eventTime: null },
      suite,
      key: [],
      now: 0,
      analytics,
      reference: async () => undefined,
      referenceVersion: async () => undefined,
    }),
  profile: () => profileFiles(analytics, { files, columns, rows, eventTimeColumn: 'time_hour' }),
};

type Name = keyof typeof works;
const seconds: Record<Name, number[]> = { summarize: [], rules: [], profile: [] };
const peer = await startPeer();
const peerSeconds: { whole: number; validate: number }[] = [];
for (let round = 0; round <= rounds; round++) {
  const { read, validate } = await peer.round();
  if (round > 0) peerSeconds.push({ whole: read + validate, validate });
  for (const name of Object.keys(works) as Name[]) {
    const before = process.cpuUsage();
    await works[name]();
    const { user, system } = process.cpuUsage(before);
    // The first round warms up. Processor time: what else runs on the machine does not count.
    if (round > 0) seconds[name].push((user + system) / 1_000_000);
  }
}
const limit = median(seconds.summarize);
const { rules: askedOfPeer, broken: brokenByPeer } = await peer.round();
peer.end();
if (brokenByPeer.length > 0) throw new Error(`rules that hold here, and not there: ${brokenByPeer.join(', ')}`);
const validation = median(peerSeconds.map(({ validate }) => validate));
const asked = (await works.rules()).results.length;
tell([
  { name: `DuckDB SUMMARIZE of ${rows} rows, processor`, value: limit, unit: 's', goal: 'the limit' },
  { name: `${asked} rules, processor`, value: median(seconds.rules), unit: 's', goal: 'below' },
  { name: 'rules / SUMMARIZE', value: median(seconds.rules) / limit, unit: '×', goal: '≤ 1.3' },
  {
    name: `${askedOfPeer} rules by Great Expectations ${peer.version}, files in memory already`,
    value: validation,
    unit: 's',
    goal: 'the peer',
  },
  { name: 'Great Expectations / rules', value: validation / median(seconds.rules), unit: '×', goal: '≥ 20' },
  {
    name: 'the same with reading the files, as ours does',
    value: median(peerSeconds.map(({ whole }) => whole)) / median(seconds.rules),
    unit: '×',
    goal: '≥ 20',
  },
  { name: 'profile / SUMMARIZE', value: median(seconds.profile) / limit, unit: '×', goal: '≤ 1.3' },
]);
