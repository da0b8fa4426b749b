import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { exitCodes } from './exit-codes.ts';
import { connect } from './connect.ts';
import { registerLooks } from './dataset-looks.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';

type Summary = Awaited<ReturnType<Client['datasets']['list']>>['items'][number];
type Version = Awaited<ReturnType<Client['datasets']['getVersion']>>;

const POLL_MS = 200;

export function register(program: Command, { terminal, action }: Registration): void {
  const datasets = program.command('datasets').description('Datasets, their versions and what was found in them');
  datasets
    .command('list <project>')
    .description('Datasets that a project declares or has versions of')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, { json }: { json?: boolean }) => {
        const { items } = await connect(terminal).datasets.list({ params: { project } });
        terminal.out(json ? JSON.stringify({ schema: 'capstan/datasets.v1', datasets: items }) : datasetTable(items));
        return undefined;
      }),
    );
  datasets
    .command('register <project> <dataset>')
    .description('Take in the files of a dataset as its next version, and wait until it is checked')
    .option('--replace', 'a version of these files alone, without those of the last one')
    .option('--json', 'print JSON')
    .action(
      action(async (project: string, dataset: string, options: { replace?: boolean; json?: boolean }) => {
        const client = connect(terminal);
        const { replace = false, json } = options;
        const { id } = await client.datasets.register({ params: { project, dataset }, body: { replace } });
        const version = await checked(client, id);
        terminal.out(
          json ? JSON.stringify({ schema: 'capstan/dataset-version.v1', ...version }) : showVersion(version),
        );
        return version.status === 'accepted' ? undefined : exitCodes.no;
      }),
    );
  datasets
    .command('show <version>')
    .description('One version by its id: files, and the rules it keeps or breaks')
    .option('--json', 'print JSON')
    .action(
      action(async (id: string, { json }: { json?: boolean }) => {
        const version = await connect(terminal).datasets.getVersion({ params: { version: id } });
        terminal.out(
          json ? JSON.stringify({ schema: 'capstan/dataset-version.v1', ...version }) : showVersion(version),
        );
        return undefined;
      }),
    );
  registerLooks(datasets, { terminal, action });
}

async function checked(client: Client, version: string): Promise<Version> {
  for (;;) {
    const found = await client.datasets.getVersion({ params: { version } });
    if (found.status !== 'pending') return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function datasetTable(datasets: readonly Summary[]): string {
  return table(
    ['DATASET', 'PATH', 'VERSIONS', 'NEWEST', 'STATUS', 'ROWS', 'REGISTERED'],
    datasets.map(({ name, path, versionCount, newest }) => [
      name,
      oneLine(path ?? ''),
      versionCount,
      newest?.id ?? '',
      newest?.status ?? '',
      newest?.rows ?? '',
      newest ? timeText(newest.createdAt) : '',
    ]),
  );
}

function showVersion(version: Version): string {
  const head = `${version.dataset} version ${version.number ?? '-'} (${version.id}): ${version.status}, ${version.rows} rows in ${version.files.length} files${asideOf(version)}`;
  const broken = (version.report?.results ?? []).filter((result) => !result.passed);
  if (broken.length === 0) return head;
  const rules = table(
    ['RULE', 'COLUMN', 'SEVERITY', 'EXPECTED', 'FOUND'],
    broken.map((result) => [
      result.rule,
      oneLine(result.column ?? ''),
      result.severity,
      oneLine(result.expected),
      oneLine(result.observed ?? '', 100),
    ]),
  );
  return `${head}\n\n${rules}`;
}

function asideOf({ quarantinedRows: rows, dataset, number }: Version): string {
  if (rows === 0) return '';
  return `\n${rows} registered rows are in quarantine: capstan datasets quarantined ${dataset}@${number} shows them`;
}
