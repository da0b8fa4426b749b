import { resolve } from 'node:path';
import type { Client } from '@capstan/client';
import { conflict, invalid, messageOf, notFound } from '#kernel/errors';
import { dataFormatOf, type DataFormat } from '#ports/analytics';
import { rowsText } from './batch-prediction-text.ts';
import { exitCodes } from './exit-codes.ts';
import { columnsByInput, keptColumns, type PredictOptions } from './predict-options.ts';
import { stopSignal } from './server-command.ts';
import type { Terminal } from './terminal.ts';

const STANDARD_OUTPUT = '-';

/** Asks a deployment the rows of a local file. See `predictFile`. Returns the exit code. */
export async function predictRows(
  terminal: Terminal,
  client: Client,
  deployment: string | undefined,
  options: PredictOptions,
): Promise<number> {
  const { input = '', output, sql, columns = [], onError = 'fail' } = options;
  refuseOthers(options);
  if (deployment === undefined) throw invalid('No deployment is named', { field: 'deployment' });
  if (output === undefined) throw invalid('No place for the answers is named', { field: '--output', hint: OUTPUT });
  const isPiped = output === STANDARD_OUTPUT;
  if (isPiped && options.json === true)
    throw invalid('--json and --output - would write to the same place', { field: '--json' });
  const formats = {
    input: formatOf(input, '--input'),
    output: isPiped ? 'ndjson' : formatOf(output, '--output'),
  } as const;
  const { url, revision, model, version } = await servedBy(client, deployment, options.revision);
  const stop = new AbortController();
  const stopped = stopSignal();
  void stopped.then((signal) => stop.abort(new Error(signal)));
  const { predictFile, RowFailure } = await import('../predict-file.ts');
  try {
    const { total, done, failed, rowsPerSecond } = await predictFile({
      served: { url, deployment, revision, token: terminal.env['CAPSTAN_CONSUMER_TOKEN'] },
      model,
      version,
      input: { path: resolve(terminal.cwd, input), format: formats.input, label: input },
      output: isPiped ? null : resolve(terminal.cwd, output),
      format: formats.output,
      sql: sql ?? null,
      columns: columnsByInput(columns),
      keep: keptOf(options.keep),
      onError,
      signal: stop.signal,
      onProgress: (progress) => {
        const speed = progress.rowsPerSecond;
        const etaMs = speed === null ? null : ((progress.total - progress.done) / speed) * 1_000;
        terminal.show(rowsText(progress, speed, etaMs));
      },
    });
    terminal.show('');
    const facts = { deployment, revision, model, version, input, output, rows: { total, done, failed }, rowsPerSecond };
    if (options.json === true) {
      terminal.out(JSON.stringify({ schema: 'capstan/predicted-file.v1', ...facts }));
      return exitCodes.done;
    }
    const speed = rowsPerSecond === null ? '' : `, ${Math.round(rowsPerSecond)} rows/s`;
    const bad = failed === 0 ? '' : `, ${failed} of them without an answer`;
    const text = `${isPiped ? input : output}: ${done} rows asked of ${deployment} revision ${revision} (${model}/${version})${bad}${speed}`;
    (isPiped ? terminal.err : terminal.out)(text);
    return exitCodes.done;
  } catch (error) {
    terminal.show('');
    if (stop.signal.aborted) {
      terminal.err('capstan: stopped; nothing was written');
      return (await stopped) === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
    }
    if (!(error instanceof RowFailure)) throw error;
    terminal.err(`capstan: ${input}: ${messageOf(error)}`);
    terminal.err('  Nothing was written. Mend the row, or have such rows answered with nulls: --on-error null.');
    return exitCodes.failed;
  }
}

const OUTPUT = 'Name a file with --output that ends with .parquet, .csv, .ndjson or .jsonl, or - for standard output.';

/** What is of dataset versions and model versions alone. */
function refuseOthers(options: PredictOptions): void {
  const { dataset, project, model, version, alias, executor, cpus, gpus, memory, to, keep } = options;
  if (dataset !== undefined)
    throw invalid('--input and --dataset exclude each other', { field: '--input', hint: 'Name one of them.' });
  if (to !== undefined) throw invalid('--to goes with --dataset', { field: '--to', hint: OUTPUT });
  const stray = Object.entries({ project, model, version, alias, executor, cpus, gpus, memory }).find(
    ([, value]) => value !== undefined,
  );
  if (stray !== undefined)
    throw invalid(`--${stray[0]} goes with --dataset`, {
      field: `--${stray[0]}`,
      hint: 'Rows of a file are asked of a deployment.',
    });
  if (keep === 'key')
    throw invalid('No key of a file is declared', { field: '--keep', hint: 'Name the columns to keep, or keep all.' });
}

function formatOf(file: string, field: string): DataFormat {
  const format = dataFormatOf(file.replace(/\.jsonl$/i, '.ndjson'));
  if (format !== undefined) return format;
  throw invalid(`The name of ${file} says no format`, {
    field,
    hint: field === '--input' ? 'Name a file that ends with .parquet, .csv, .ndjson or .jsonl.' : OUTPUT,
  });
}

function keptOf(keep: string | undefined): string[] | null {
  const kept = keep === undefined ? 'all' : keptColumns(keep);
  return typeof kept === 'string' ? null : kept;
}

interface ServedBy {
  readonly url: string;
  readonly revision: number;
  readonly model: string;
  readonly version: number;
}

/** The champion, or the revision that is wanted, where it answers now. */
async function servedBy(client: Client, name: string, wanted: number | undefined): Promise<ServedBy> {
  const params = { deployment: name };
  const { champion, replicas } = await client.deployments.get({ params });
  const number = wanted ?? champion?.number;
  if (number === undefined)
    throw conflict(`${name} has no champion yet`, { field: 'deployment', hint: 'Wait until its rollout has ended.' });
  const { items } = await client.deployments.revisions({ params });
  const revision = items.find((each) => each.number === number);
  if (!revision)
    throw notFound('revision', `${name}/${number}`, `There is: ${listOf(items.map((each) => each.number))}.`);
  const current = replicas.filter(({ isCurrent }) => isCurrent);
  const replica = current.find(({ revisions }) => revisions.includes(number));
  if (replica) return { url: replica.url, revision: number, model: revision.model, version: revision.version };
  throw conflict(`No data plane serves revision ${number} of ${name} now`, {
    field: '--revision',
    hint: `Served is: ${listOf(current.flatMap(({ revisions }) => revisions))}.`,
  });
}

function listOf(numbers: readonly number[]): string {
  return [...new Set(numbers)].join(', ') || 'none';
}
