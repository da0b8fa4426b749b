import type { Client } from '@capstan/client';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { invalid } from '#kernel/errors';
import { downloadResult, followed, showBatch, type Batch } from './batch-prediction-text.ts';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { findVersion } from './find-version.ts';
import type { Registration } from './run.ts';
import type { Terminal } from './terminal.ts';

interface PredictOptions {
  readonly dataset?: string;
  readonly project?: string;
  readonly revision?: number;
  readonly model?: string;
  readonly version?: number;
  readonly alias?: string;
  readonly sql?: string;
  readonly columns?: readonly string[];
  readonly keep?: string;
  readonly onError?: 'fail' | 'null';
  readonly to?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const HELP = `
The result is a Parquet file: the columns of the input, prediction_id, output_NAME for each output of the model, model,
model_version and revision. With --to DATASET it becomes a version of that dataset.

Examples:
  capstan predict flights --dataset flights --to flight-predictions --wait
  capstan predict iris --dataset measurements@3 --columns X=length,width --to answers.parquet
  capstan predict --model iris --alias challenger --dataset measurements --sql "select * from input where year = 2013"
`;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('predict [deployment]')
    .description('Ask a deployment, or a model version, all rows of a dataset version')
    .requiredOption('--dataset <name>', 'NAME for the newest accepted version, NAME@NUMBER, or an id (dv_…)')
    .option('-p, --project <name>', 'the project of the dataset; the only one where left out')
    .option('--revision <number>', 'this revision of the deployment instead of its champion', wholeNumber)
    .option('--model <name>', 'a registered model instead of a deployment')
    .option('--version <number>', 'of the model; without it and --alias, the newest', wholeNumber)
    .option('--alias <alias>', 'the version of the model that this alias names')
    .option('--sql <select>', 'one select over the table input, whose rows the model is asked')
    .option('--columns <input=columns...>', 'columns for an input of the model that has not its name: X=a,b')
    .option('--keep <columns>', 'all, key, or names with commas: what stands beside the answers (default: all)')
    .addOption(
      new Option('--on-error <policy>', 'a row that the model does not take ends the job, or gets nulls and the reason')
        .choices(['fail', 'null'])
        .default('fail'),
    )
    .option('--to <place>', 'a dataset, or a file to write: answers.parquet')
    .option('-w, --wait', 'until it has ended; exit code 1 when it failed or was cancelled')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (deployment: string | undefined, options: PredictOptions) => {
        const client = connect(terminal);
        const { file, dataset } = placeOf(options.to);
        const started = await client.batchPredictions.start({
          body: await requestOf(client, deployment, options, dataset),
        });
        if (options.wait !== true && file === undefined) {
          print(terminal, started, options.json);
          return undefined;
        }
        terminal.err(`${started.id} goes on without this command: capstan batch-predictions show ${started.id}`);
        const ended = await followed(client, started.id, (text) => terminal.show(text));
        terminal.show('');
        if (ended.state === 'succeeded' && file !== undefined) await downloadResult(terminal, ended.id, file);
        print(terminal, ended, options.json);
        return ended.state === 'succeeded' ? undefined : exitCodes.failed;
      }),
    );
}

function print(terminal: Terminal, batch: Batch, isJson: boolean | undefined): void {
  terminal.out(isJson ? JSON.stringify({ schema: 'capstan/batch-prediction.v1', ...batch }) : showBatch(batch));
}

/** What ends like a file is one; the result is written in the format of the dataset, so a file is Parquet. */
function placeOf(to: string | undefined): { file?: string; dataset?: string } {
  if (to === undefined) return {};
  if (/\.parquet$/i.test(to)) return { file: to };
  if (!/[./\\]/.test(to)) return { dataset: to };
  throw invalid(`'${to}' is neither a dataset nor a Parquet file`, {
    field: '--to',
    hint: 'Give the name of a dataset, or a file that ends with .parquet.',
  });
}

async function requestOf(
  client: Client,
  deployment: string | undefined,
  options: PredictOptions,
  to: string | undefined,
) {
  const { dataset = '', project, revision, model, version, alias, sql, columns = [], keep, onError } = options;
  if (deployment === undefined && model === undefined)
    throw invalid('Nothing is named that is to answer', {
      field: 'deployment',
      hint: 'Name a deployment, or --model.',
    });
  return {
    ...(deployment !== undefined && { deployment }),
    ...(revision !== undefined && { revision }),
    ...(model !== undefined && { model }),
    ...(version !== undefined && { version }),
    ...(alias !== undefined && { alias }),
    ...(sql !== undefined && { sql }),
    ...(to !== undefined && { to }),
    ...(onError !== undefined && { onError }),
    ...(keep !== undefined && { keep: keptColumns(keep) }),
    columns: Object.fromEntries(columns.map(columnsOf)),
    input: await findVersion(client, dataset, project),
  } as const;
}

function keptColumns(text: string): 'all' | 'key' | string[] {
  return text === 'all' || text === 'key' ? text : namesIn(text);
}

function columnsOf(text: string): [string, string[]] {
  const equals = text.indexOf('=');
  const names = namesIn(text.slice(equals + 1));
  if (equals > 0 && names.length > 0) return [text.slice(0, equals), names];
  throw invalid(`--columns takes an input of the model and its columns, not '${text}'`, {
    field: '--columns',
    hint: 'As X=length,width.',
  });
}

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Use a whole number from 1.');
}
