import type { Command } from 'commander';
import { openImportSource } from '../trackers.ts';
import { connect, urlOf } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import { importAll } from './importing/import-all.ts';
import { count, createProgress, type Progress } from './importing/progress.ts';
import { summaryOf } from './importing/summary.ts';
import { createTarget } from './importing/target.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly experiment?: string[];
  readonly artifacts: string[] | false;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const group = program.command('import').description('Bring in what another tracker holds');
  group
    .command('mlflow <uri>')
    .description("MLflow's experiments, runs, models, traces, evaluation datasets and files, with their ids and times")
    .option('--experiment <name...>', 'only these experiments (name or id)')
    .option(
      '--artifacts <place...>',
      'where files lie on this machine: FOLDER (the --artifacts-destination of the server) or URI=FOLDER',
    )
    .option('--no-artifacts', 'leave the files where they are')
    .option('--dry-run', 'say what would come, and change nothing')
    .option('--json', 'print events as JSON, one a line')
    .addHelpText(
      'after',
      `
The source is read only, and may run meanwhile:
  http(s)://HOST:PORT    a running MLflow server (MLFLOW_TRACKING_USERNAME, _PASSWORD or _TOKEN where it asks)
  sqlite:///FILE         its database; also postgresql://USER:PASSWORD@HOST/NAME
  FOLDER                 the mlruns folder of its file store

Stopped anywhere, the same command goes on; run again later, it brings what is new.

Examples:
  capstan import mlflow http://127.0.0.1:5000
  capstan import mlflow sqlite:///mlflow.db --artifacts ./mlartifacts
`,
    )
    .action(
      action(async (uri: string, options: Options) => {
        const source = await openImportSource(uri, {
          artifacts: Array.isArray(options.artifacts) ? options.artifacts : [],
          env: terminal.env,
          cwd: terminal.cwd,
        });
        const start = performance.now();
        const isDryRun = options.dryRun === true;
        const progress = createProgress(terminal, options.json === true, () => performance.now());
        try {
          const wanted = { experiments: options.experiment ?? [], hasFiles: options.artifacts !== false, isDryRun };
          await importAll(source, createTarget(connect(terminal), urlOf(terminal)), wanted, progress);
        } finally {
          progress.end();
          await source.close();
        }
        const seconds = (performance.now() - start) / 1_000;
        progress.tell({ event: 'finished', counts: progress.counts, refused: progress.refused, seconds });
        if (options.json !== true) terminal.out(summary(progress, isDryRun, seconds));
        return progress.refused > 0 ? exitCodes.failed : exitCodes.done;
      }),
    );
}

function summary({ counts, refused }: Progress, isDryRun: boolean, seconds: number): string {
  const heading = isDryRun ? 'Would bring:' : `Brought in ${seconds.toFixed(1)} s:`;
  const tail = refused > 0 ? [`  ${count(refused)} things not brought, said above`] : [];
  return [summaryOf(heading, counts), ...tail].join('\n');
}
