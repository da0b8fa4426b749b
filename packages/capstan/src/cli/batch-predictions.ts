import type { Command } from 'commander';
import { batchTable, downloadResult, showBatch } from './batch-prediction-text.ts';
import { connect } from './connect.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  const batches = program
    .command('batch-predictions')
    .description('Models over whole dataset versions; `capstan predict` begins one');
  batches
    .command('list')
    .description('Batch predictions, newest first')
    .option('--deployment <name>', 'only of this deployment')
    .option('-p, --project <name>', 'only over data of this project')
    .option('--limit <count>', 'at most this many', pageSize, 20)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan batch-predictions list --deployment flights\n')
    .action(
      action(async ({ json, ...query }: { deployment?: string; project?: string; limit: number; json?: boolean }) => {
        const { items, nextCursor } = await connect(terminal).batchPredictions.list({ query });
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/batch-predictions.v1', batchPredictions: items }));
        else if (items.length === 0) terminal.err('There is none yet: capstan predict --help shows how to begin one.');
        else terminal.out(batchTable(items));
        if (nextCursor !== undefined) terminal.err(`There are more: these are the newest ${items.length}.`);
        return undefined;
      }),
    );
  batches
    .command('show <id>')
    .description('How far one is, and what came of it')
    .option('--to <file>', 'write the result to a file')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan batch-predictions show bp_01kb… --to answers.parquet\n')
    .action(
      action(async (id: string, { to, json }: { to?: string; json?: boolean }) => {
        const batch = await connect(terminal).batchPredictions.get({ params: { batchPrediction: id } });
        if (to !== undefined) await downloadResult(terminal, id, to);
        terminal.out(json ? JSON.stringify({ schema: 'capstan/batch-prediction.v1', ...batch }) : showBatch(batch));
        return undefined;
      }),
    );
  batches
    .command('cancel <id>')
    .description('End one; nothing of it stays')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan batch-predictions cancel bp_01kb…\n')
    .action(
      action(async (id: string, { json }: { json?: boolean }) => {
        const batch = await connect(terminal).batchPredictions.cancel({ params: { batchPrediction: id } });
        const said = batch.state === 'cancelled' ? `${id} is cancelled.` : `${id} is being ended.`;
        terminal.out(json ? JSON.stringify({ schema: 'capstan/batch-prediction.v1', ...batch }) : said);
        return undefined;
      }),
    );
}
