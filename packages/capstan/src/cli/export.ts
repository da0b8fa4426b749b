import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openExport, openServerForExport } from '../trackers.ts';
import { urlOf } from './connect.ts';
import { exportAll } from './importing/export-all.ts';
import { createProgress } from './importing/progress.ts';
import { summaryOf } from './importing/summary.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly artifacts: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const group = program.command('export').description('Give another tracker all that is here');
  group
    .command('mlflow <folder>')
    .description(
      "Experiments, runs, models, traces, evaluation datasets, files as MLflow's own, with their ids and times",
    )
    .option('--no-artifacts', 'leave the files out')
    .option('--json', 'print events as JSON, one a line')
    .addHelpText(
      'after',
      `
The folder must be empty. An MLflow that has evaluation datasets opens it: the command that does is printed at the end.

Example:
  capstan export mlflow ./for-mlflow
`,
    )
    .action(
      action(async (folder: string, options: Options) => {
        const source = await openServerForExport(urlOf(terminal));
        const start = performance.now();
        const progress = createProgress(terminal, options.json === true, () => performance.now());
        const sink = openExport(resolve(terminal.cwd, folder));
        let next: readonly string[] = [];
        try {
          await exportAll(source, sink, options.artifacts, progress);
          next = await sink.finish();
        } catch (error) {
          await sink.discard();
          throw error;
        } finally {
          progress.end();
          await source.close();
        }
        const seconds = (performance.now() - start) / 1_000;
        progress.tell({ event: 'finished', counts: progress.counts, refused: 0, seconds });
        if (options.json !== true) {
          terminal.out([summaryOf(`Written in ${seconds.toFixed(1)} s:`, progress.counts), '', ...next].join('\n'));
        }
        return undefined;
      }),
    );
}
