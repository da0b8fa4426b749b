import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { connect, urlOf } from './connect.ts';
import { csvText } from './csv-text.ts';
import { instant } from './instant.ts';
import type { Registration } from './run.ts';
import { table, type Terminal } from './terminal.ts';

type Row = Readonly<Record<string, unknown>>;

interface Options {
  readonly deployment?: string;
  readonly from?: number;
  readonly before?: number;
  readonly limit: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

const MOST_ROWS = 100_000;
const QUERY_HELP = `
The table \`predictions\` has a row for each example and each revision that answered it:
  example_id, request_id, request_row, predicted_at, event_time, deployment, consumer, revision, model_version, role,
  propensity, rollout, stage, part_rows, batch, batch_rows, sampling, is_sampled, latency_us, error, probability,
  input_NAME …, output_NAME …
The consumer is null for callers without a token.
Inputs and outputs of several values a row are lists: output_probabilities[2].

Examples:
  capstan predictions query "select revision, count(*), quantile_cont(latency_us, 0.99) from predictions group by all"
  capstan predictions query --deployment iris "select * from predictions order by predicted_at desc" --limit 20 --json
`;

export function register(program: Command, { terminal, action }: Registration): void {
  const predictions = program.command('predictions').description('The log of what was asked and answered');
  predictions
    .command('query <sql>')
    .description('Ask the prediction log in SQL (DuckDB)')
    .option('--deployment <name>', 'the log of this deployment; without it, of all')
    .option('--from <time>', 'leave out files whose answers are all older, e.g. 2026-05-01', instant)
    .option('--before <time>', 'leave out files whose answers are all from then or later', instant)
    .option('--limit <rows>', 'at most this many', rowLimit, 1_000)
    .option('--csv', 'print CSV')
    .option('--json', 'print JSON')
    .addHelpText('after', QUERY_HELP)
    .action(
      action(async (sql: string, { deployment, from, before, limit, json, csv }: Options) => {
        const { rows, isCut } = await connect(terminal).predictions.query({
          body: {
            sql,
            limit,
            ...(deployment !== undefined && { deployment }),
            ...(from !== undefined && { from }),
            ...(before !== undefined && { to: before }),
          },
        });
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/prediction-rows.v1', isCut, rows }));
        else show(terminal, rows, csv ?? false);
        if (isCut) terminal.err(`There are more rows than ${limit}: see --limit.`);
        return undefined;
      }),
    );
  registerImport(predictions, { terminal, action });
}

function registerImport(predictions: Command, { terminal, action }: Registration): void {
  predictions
    .command('import <data>')
    .description('Take home what a deployment without a control plane has logged below its data folder')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan predictions import ./data\n')
    .action(
      action(async (data: string, { json }: { json?: boolean }) => {
        const { importPredictions } = await import('../build.ts');
        const segments = await importPredictions(urlOf(terminal), resolve(terminal.cwd, data));
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/imported-predictions.v1', segments }));
        else if (segments === 0) terminal.err('Nothing is logged there.');
        else terminal.out(`${segments} segments were taken; those that had been taken before count once.`);
        return undefined;
      }),
    );
}

function show(terminal: Terminal, rows: readonly Row[], isCsv: boolean): void {
  const [first] = rows;
  if (!first) return terminal.err('No rows.');
  const names = Object.keys(first);
  const cells = rows.map((row) => names.map((name) => text(row[name])));
  terminal.out(isCsv ? csvText([names, ...cells]) : table(names, cells));
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function rowLimit(given: string): number {
  const limit = Number(given);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_ROWS) return limit;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST_ROWS}.`);
}
