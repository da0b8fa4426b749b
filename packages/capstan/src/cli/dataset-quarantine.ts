import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, type Client } from '@capstan/client';
import type { Command } from 'commander';
import { conflict, invalid } from '#kernel/errors';
import { connect, headersOf, urlOf } from './connect.ts';
import { findVersion } from './find-version.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table, type Terminal } from './terminal.ts';

// Rows that the check of a version put aside: which, why, and all of them as a file.

type Version = Awaited<ReturnType<Client['datasets']['getVersion']>>;
type Page = Awaited<ReturnType<Client['datasets']['quarantinedRows']>>;

interface Options {
  readonly project?: string;
  readonly rule?: string;
  readonly limit: number;
  readonly offset: number;
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function registerQuarantined(
  datasets: Command,
  { terminal, action }: Registration,
  rowNumber: (text: string) => number,
): void {
  datasets
    .command('quarantined <dataset[@version]>')
    .description('Rows that the check of a version put into quarantine, and the rules that each broke')
    .option('-p, --project <name>', 'where there are several')
    .option('--rule <name>', "only rows that broke it: 'range of distance'")
    .option('--limit <count>', 'at most this many', pageSize, 10)
    .option('--offset <count>', 'rows to leave out before', rowNumber, 0)
    .option('-o, --output <file>', 'write all of them there instead, as .csv or .parquet')
    .option('--force', 'write over a file that is there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan datasets quarantined flights\n  capstan datasets quarantined flights@3 -o bad-flights.csv\n',
    )
    .action(action((name: string, options: Options) => quarantined(terminal, name, options)));
}

async function quarantined(terminal: Terminal, name: string, options: Options): Promise<undefined> {
  const client = connect(terminal);
  const id = await findVersion(client, name, options.project);
  const version = await client.datasets.getVersion({ params: { version: id } });
  const { quarantine } = version;
  const known = {
    schema: 'capstan/quarantined-rows.v1',
    versionId: id,
    dataset: version.dataset,
    number: version.number,
  };
  if (!quarantine) {
    const empty = { ...known, rows: 0, registeredRows: version.rows, rules: [], columns: version.columns, items: [] };
    terminal.out(options.json ? JSON.stringify(empty) : `No row of ${nameOf(version)} is in quarantine.`);
    return undefined;
  }
  if (options.output !== undefined) {
    await download(terminal, id, { ...options, output: options.output });
    const file = { ...known, rows: quarantine.rows, file: options.output };
    terminal.out(
      options.json ? JSON.stringify(file) : `${quarantine.rows} rows of ${nameOf(version)} in ${options.output}`,
    );
    return undefined;
  }
  const { rule, limit, offset } = options;
  const query = { limit: Math.min(limit, 500), offset, ...(rule !== undefined && { rule }) };
  const page = await client.datasets.quarantinedRows({ params: { version: id }, query });
  const { rows, rules, registered } = quarantine;
  terminal.out(
    options.json
      ? JSON.stringify({ ...known, rows, registeredRows: registered.rows, rules, ...page })
      : showPage(version, page),
  );
  if (!options.json) terminal.err('Mend these rows where they come from, and register the files again.');
  return undefined;
}

async function download(
  terminal: Terminal,
  id: string,
  { output, force = false }: { readonly output: string; readonly force?: boolean | undefined },
): Promise<void> {
  const format = /\.(csv|parquet)$/i.exec(output)?.[1]?.toLowerCase();
  if (format === undefined)
    throw invalid(`${output} is neither .csv nor .parquet`, { field: 'output', hint: 'Name the file by one of them.' });
  const url = `${urlOf(terminal)}/api/v1/dataset-versions/${encodeURIComponent(id)}/quarantine/file?format=${format}`;
  const response = await fetch(url, { headers: headersOf() });
  if (!response.ok || !response.body) throw new ApiError(JSON.parse(await response.text()) as ApiError['problem']);
  const path = resolve(terminal.cwd, output);
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(path, { flags: force ? 'w' : 'wx' }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw conflict(`${output} is there already`, { field: 'output', hint: '--force writes over it.', cause: error });
    await rm(path, { force: true });
    throw invalid(`${output} cannot be written (${code ?? String(error)})`, { field: 'output', cause: error });
  }
}

function showPage(version: Version, { columns, items, total }: Page): string {
  const { quarantine } = version;
  const rules = table(
    ['RULE', 'COLUMN', 'ROWS', 'EXPECTED'],
    (quarantine?.rules ?? []).map(({ rule, column, rows, expected }) => [
      rule,
      oneLine(column ?? ''),
      rows,
      oneLine(expected, 100),
    ]),
  );
  const header = ['FILE', 'ROW', 'BROKE', ...columns.map(({ name }) => oneLine(name, 20))];
  const rows = items.map(({ file, row, values, failed }) => [
    oneLine(file, 30),
    row,
    oneLine(failed.join('; '), 60),
    ...values.map((value) => (value === null ? '' : oneLine(String(value), 20))),
  ]);
  const head = `${quarantine?.rows ?? 0} of ${quarantine?.registered.rows ?? 0} rows registered with ${nameOf(version)} are in quarantine`;
  return `${head}\n\n${rules}\n\n${table(header, rows)}\n\n${items.length} of ${total} rows`;
}

function nameOf({ dataset, number }: Version): string {
  return `${dataset} version ${number}`;
}
