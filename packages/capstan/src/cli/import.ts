import type { Command } from 'commander';
import { importData } from '#repository';
import { exitCodes } from './exit-codes.ts';
import type { MlflowImportOptions } from './importing/import-mlflow.ts';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';
import { extentOf, importedText, sourceAccess, type ImportFlags } from './source-access.ts';

interface Options extends ImportFlags {
  readonly out?: string;
  readonly rev?: string;
}

export function register(program: Command, { terminal, action }: Registration): void {
  const group = program
    .command('import [url] [path]')
    .description('Bring in data of another repository, or what another tracker holds')
    .option('-o, --out <path>', 'where it goes; its own name in this folder where left out')
    .option('--rev <revision>', 'branch, tag or commit; the newest commit where left out')
    .option('--no-exec', 'only write down where it is from')
    .option('--no-download', 'write down the commit too, and fetch nothing')
    .option('-f, --force', 'take the place of what is there')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan import https://example.com/team/data.git raw/images -o images\n  capstan import mlflow http://127.0.0.1:5000\n',
    )
    .action(
      action(async (url: string | undefined, path: string | undefined, options: Options) => {
        if (url === undefined || path === undefined) {
          terminal.err(group.helpInformation());
          return exitCodes.usage;
        }
        const { out, rev, force } = options;
        const from = { url, path, ...(rev !== undefined && { revision: rev }) };
        const imported = await inRepository(terminal, options, (repository) =>
          importData(repository, sourceAccess(terminal), from, {
            ...(out !== undefined && { out }),
            isForced: force === true,
            extent: extentOf(options),
            onProgress: (done, of) => terminal.show(`${done} of ${of} files`),
          }),
        );
        terminal.out(importedText([imported], options.json === true));
        return undefined;
      }),
    );
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
      action(async (uri: string, options: MlflowImportOptions) => {
        const { importMlflow } = await import('./importing/import-mlflow.ts');
        return await importMlflow(terminal, uri, options);
      }),
    );
}
