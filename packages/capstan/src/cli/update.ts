import type { Command } from 'commander';
import { updateImports } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';
import { importedText, sourceAccess } from './source-access.ts';

interface Options {
  readonly rev?: string;
  readonly download: boolean;
  readonly force?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('update <target...>')
    .description('Bring imported data to what its source is now')
    .option('--rev <revision>', 'take this branch, tag or commit, and follow it from now on')
    .option('--no-download', 'only write down what the source is now')
    .option('-f, --force', 'give up changes that were made here')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  capstan update images\n  capstan update images.dvc --rev v2\n')
    .action(
      action(async (targets: string[], options: Options) => {
        const { rev, download, force } = options;
        const updated = await inRepository(terminal, options, (repository) =>
          updateImports(repository, sourceAccess(terminal), targets, {
            ...(rev !== undefined && { revision: rev }),
            extent: download ? 'take' : 'no-download',
            isForced: force === true,
            onProgress: (done, of) => terminal.show(`${done} of ${of} files`),
          }),
        );
        terminal.out(importedText(updated, options.json === true));
        return undefined;
      }),
    );
}
