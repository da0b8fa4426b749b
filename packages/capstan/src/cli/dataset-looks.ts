import { ApiError, type Client } from '@capstan/client';
import { InvalidArgumentError, type Command } from 'commander';
import { connect, headersOf, urlOf } from './connect.ts';
import { registerQuarantined } from './dataset-quarantine.ts';
import { findVersion } from './find-version.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

// What is in a version: profile, rows, what changed since another one, and the same for programs outside (Croissant).

type Version = Awaited<ReturnType<Client['datasets']['getVersion']>>;
type Profile = NonNullable<Version['profile']>;
type Diff = Awaited<ReturnType<Client['datasets']['diff']>>;
type Rows = Awaited<ReturnType<Client['datasets']['rows']>>;
type Usage = Awaited<ReturnType<Client['lineage']['usage']>>;

interface Options {
  readonly project?: string;
  readonly json?: boolean;
}

export function registerLooks(datasets: Command, { terminal, action }: Registration): void {
  const looking = (command: string, description: string, example: string) =>
    datasets
      .command(command)
      .description(description)
      .option('-p, --project <name>', 'where there are several')
      .addHelpText('after', `\nExample:\n  capstan datasets ${example}\n`);

  looking(
    'profile <dataset[@version]>',
    'Each column of a version: missing, different values, spread',
    'profile flights@3',
  )
    .option('--json', 'print JSON')
    .action(
      action(async (name: string, { project, json }: Options) => {
        const client = connect(terminal);
        const id = await findVersion(client, name, project);
        const { profile, dataset, number } = await client.datasets.getVersion({ params: { version: id } });
        if (json)
          terminal.out(
            JSON.stringify({ schema: 'capstan/dataset-profile.v1', versionId: id, dataset, number, profile }),
          );
        else terminal.out(profile ? showProfile(profile) : `Version ${number} of ${dataset} has no profile.`);
        return undefined;
      }),
    );
  looking('diff <before> <after>', 'What changed from one version to another', 'diff flights@3 flights@4')
    .option('--json', 'print JSON')
    .action(
      action(async (before: string, after: string, { project, json }: Options) => {
        const client = connect(terminal);
        const [version, other] = [
          await findVersion(client, before, project),
          await findVersion(client, after, project),
        ];
        const diff = await client.datasets.diff({ params: { version, other } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/dataset-diff.v1', ...diff }) : showDiff(diff));
        return undefined;
      }),
    );
  looking('preview <dataset[@version]>', 'Rows of a version as they stand in its files', 'preview flights --limit 20')
    .option('--limit <count>', 'at most this many', pageSize, 10)
    .option('--offset <count>', 'rows to leave out before', offsetOf, 0)
    .option('--json', 'print JSON')
    .action(
      action(async (name: string, options: Options & { limit: number; offset: number }) => {
        const client = connect(terminal);
        const id = await findVersion(client, name, options.project);
        const query = { limit: Math.min(options.limit, 500), offset: options.offset };
        const rows = await client.datasets.rows({ params: { version: id }, query });
        terminal.out(options.json ? JSON.stringify({ schema: 'capstan/dataset-rows.v1', ...rows }) : showRows(rows));
        return undefined;
      }),
    );
  registerQuarantined(datasets, { terminal, action }, offsetOf);
  looking('usage <dataset[@version]>', 'Where a version came from, and what was made of it', 'usage flights@3')
    .option('--json', 'print JSON')
    .action(
      action(async (name: string, { project, json }: Options) => {
        const client = connect(terminal);
        const version = await findVersion(client, name, project);
        const { parents } = await client.datasets.getVersion({ params: { version } });
        const usage = await client.lineage.usage({ params: { version } });
        terminal.out(
          json
            ? JSON.stringify({ schema: 'capstan/dataset-usage.v1', versionId: version, parents, ...usage })
            : showUsage(parents, usage),
        );
        return undefined;
      }),
    );
  looking(
    'croissant <dataset[@version]>',
    'A version as Croissant (JSON-LD), for other tools',
    'croissant flights > flights.json',
  ).action(
    action(async (name: string, { project }: Options) => {
      const version = await findVersion(connect(terminal), name, project);
      const url = `${urlOf(terminal)}/api/v1/dataset-versions/${encodeURIComponent(version)}/croissant`;
      terminal.out(await textOf(url));
      return undefined;
    }),
  );
}

function showProfile({ rows, isExact, columns, correlations }: Profile): string {
  const head = `${rows} rows${isExact ? '' : '; different values and quantiles are estimates'}`;
  const shown = table(
    ['COLUMN', 'TYPE', 'MISSING', 'DIFFERENT', 'MIN', 'MEDIAN', 'MEAN', 'MAX', 'MOST FREQUENT'],
    columns.map((column) => [
      oneLine(column.name, 40),
      column.type,
      percent(column.missing, rows),
      column.distinct,
      oneLine(String(column.min ?? ''), 24),
      figure(column.quantiles?.[3]),
      figure(column.mean),
      oneLine(String(column.max ?? ''), 24),
      oneLine(
        (column.top ?? [])
          .slice(0, 3)
          .map((top) => `${String(top.value)} ${top.count}`)
          .join(', '),
      ),
    ]),
  );
  const pairs = (correlations?.pairs ?? []).slice(0, 5);
  if (pairs.length === 0) return `${head}\n\n${shown}`;
  const together = table(
    ['GO TOGETHER', '', 'R', 'ROWS'],
    pairs.map((pair) => [oneLine(pair.columns[0]), oneLine(pair.columns[1]), pair.r.toFixed(3), pair.n]),
  );
  return `${head}\n\n${shown}\n\n${together}`;
}

function showDiff({ before, after, schemaChanges: changes, files, rows, columns }: Diff): string {
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => oneLine(name)).join(', ');
  const facts = [
    ['from', `${before.dataset} version ${before.number} (${before.id}), ${before.rows} rows`],
    ['to', `${after.dataset} version ${after.number} (${after.id}), ${after.rows} rows`],
    ['files', `${files.added} added, ${files.removed} removed, ${files.changed} changed, ${files.same} the same`],
    ['columns added', names(changes.added)],
    ['columns removed', names(changes.removed)],
    [
      'types changed',
      changes.changed.map((column) => `${oneLine(column.name)} ${column.before} → ${column.after}`).join(', '),
    ],
    [
      'rows',
      `${rows.added} added, ${rows.removed} removed${rows.changed === null ? '' : `, ${rows.changed} changed`}, ${rows.same} the same (by ${rows.isDeclared ? oneLine(rows.key.join(', ')) : 'all columns: no key is declared'})`,
    ],
    ['cells changed', rows.cells.map((cell) => `${oneLine(cell.column)} ${cell.rows}`).join(', ')],
  ].filter(([, value]) => value !== '');
  const shifts = table(
    ['COLUMN', 'DISTANCE', 'PSI', 'MEAN BEFORE', 'AFTER', 'MISSING BEFORE', 'AFTER'],
    columns.map((column) => [
      oneLine(column.name, 40),
      column.distance?.toFixed(3) ?? '',
      column.stability?.toFixed(3) ?? '',
      figure(column.mean.before),
      figure(column.mean.after),
      percent(column.missing.before, before.rows),
      percent(column.missing.after, after.rows),
    ]),
  );
  return `${facts.map(([name = '', value = '']) => `${name.padEnd(16)}${value}`).join('\n')}\n\n${shifts}`;
}

function showRows({ columns, items, total }: Rows): string {
  const header = ['FILE', 'ROW', ...columns.map(({ name }) => oneLine(name, 20))];
  const rows = items.map(({ file, row, values }) => [
    oneLine(file, 30),
    row,
    ...values.map((value) => (value === null ? '' : oneLine(String(value), 20))),
  ]);
  return `${table(header, rows)}\n\n${items.length} of ${total} rows`;
}

function showUsage(parents: Version['parents'], { pipelineRuns, runs, models, derived }: Usage): string {
  const rows = [
    ...parents.map(({ versionId, how }) => ['made from', versionId, oneLine(how)]),
    ...derived.map(({ versionId, dataset, number, how }) => [
      'cut',
      versionId,
      oneLine(`${dataset} version ${number}: ${how}`),
    ]),
    ...pipelineRuns.map(({ id, number, status, createdAt }) => [
      'pipeline run',
      id,
      `run ${number}, ${status}, ${timeText(createdAt)}`,
    ]),
    ...runs.map(({ id, name, status }) => ['run', id, oneLine(`${name}, ${status}`)]),
    ...models.map(({ model, version }) => ['model', `${oneLine(model)}/${version}`, '']),
  ];
  return rows.length === 0 ? 'Nothing that Capstan knows of was made of it.' : table(['WHAT', 'ID', ''], rows);
}

function percent(part: number, whole: number): string {
  return part === 0 || whole === 0 ? '0' : `${Number(((100 * part) / whole).toPrecision(3))} %`;
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(Number(value.toPrecision(5)));
}

function offsetOf(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
  throw new InvalidArgumentError('Give a whole number of 0 or more.');
}

/** @throws ApiError */
async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { headers: headersOf() });
  const text = await response.text();
  if (!response.ok) throw new ApiError(JSON.parse(text) as ApiError['problem']);
  return text.trimEnd();
}
