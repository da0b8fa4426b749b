import type { Client } from '@capstan/client';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { invalid } from '#kernel/errors';
import { downloadResult, followed, showBatch, type Batch } from './batch-prediction-text.ts';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { findVersion } from './find-version.ts';
import { columnsByInput, keptColumns, resourcesIn, type PredictOptions } from './predict-options.ts';
import { predictRows } from './predict-rows.ts';
import type { Registration } from './run.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
The result is a file: the columns of the input, prediction_id, output_NAME for each output of the model, model,
model_version and revision.

Rows of a dataset version are answered by a job of the server; its result is Parquet, and with --to DATASET a version of
that dataset. Rows of a local file (.csv, .ndjson, .jsonl, .parquet) are asked of the data plane, as any caller's, and
logged; --output says where to and by its name in which format, or is - for lines of JSON on standard output. Where the
deployment answers declared consumers only, CAPSTAN_CONSUMER_TOKEN has a token.

Examples:
  capstan predict flights --input rows.csv --output answers.parquet
  capstan predict flights --dataset flights --to flight-predictions --wait
  capstan predict iris --dataset measurements@3 --columns X=length,width --to answers.parquet
  capstan predict flights --dataset flights --executor slurm --memory 8GiB --to flight-predictions
  capstan predict --model iris --alias challenger --dataset measurements --sql "select * from input where year = 2013"
`;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('predict [deployment]')
    .description('Ask a deployment, or a model version, all rows of a dataset version or of a file')
    .option('--dataset <name>', 'NAME for the newest accepted version, NAME@NUMBER, or an id (dv_…)')
    .option('-i, --input <file>', 'rows of a file here: .csv, .ndjson, .jsonl or .parquet')
    .option(
      '-o, --output <file>',
      'with --input: where to, as .csv, .ndjson, .jsonl or .parquet; - for standard output',
    )
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
    .option('--executor <name>', 'with --dataset: where it runs, as for pipelines: ray, slurm (default: local)')
    .option('--cpus <count>', 'with --executor: asked of its scheduler (default: one)', amount)
    .option('--gpus <count>', 'the same', amount)
    .option('--memory <amount>', 'the same: 8GiB')
    .option('-w, --wait', 'until it has ended; exit code 1 when it failed or was cancelled')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(
      action(async (deployment: string | undefined, options: PredictOptions) => {
        const client = connect(terminal);
        if (options.input !== undefined) return await predictRows(terminal, client, deployment, options);
        if (options.output !== undefined) throw invalid('--output goes with --input', { field: '--output', hint: TO });
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

const TO = 'With --dataset the result goes --to a dataset, or --to a file that ends with .parquet.';

/** What ends like a file is one; the result is written in the format of the dataset, so a file is Parquet. */
function placeOf(to: string | undefined): { file?: string; dataset?: string } {
  if (to === undefined) return {};
  if (/\.parquet$/i.test(to)) return { file: to };
  if (!/[./\\]/.test(to)) return { dataset: to };
  throw invalid(`'${to}' is neither a dataset nor a Parquet file`, {
    field: '--to',
    hint: TO,
  });
}

async function requestOf(
  client: Client,
  deployment: string | undefined,
  options: PredictOptions,
  to: string | undefined,
) {
  const { dataset, project, revision, model, version, alias, sql, columns = [], keep, onError, executor } = options;
  const resources = resourcesIn(options);
  if (deployment === undefined && model === undefined)
    throw invalid('Nothing is named that is to answer', {
      field: 'deployment',
      hint: 'Name a deployment, or --model.',
    });
  if (dataset === undefined)
    throw invalid('No rows are named', {
      field: '--dataset',
      hint: 'Name a dataset with --dataset, or a file with --input.',
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
    ...(executor !== undefined && { executor }),
    ...(resources && { resources }),
    ...(keep !== undefined && { keep: keptColumns(keep) }),
    columns: columnsByInput(columns),
    input: await findVersion(client, dataset, project),
  } as const;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Use a whole number from 1.');
}

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0) return value;
  throw new InvalidArgumentError('Use a number.');
}
