import type { Command } from 'commander';
import { initRepository } from '#repository';
import type { Registration } from './run.ts';

interface Options {
  readonly scm: boolean;
  readonly subdir?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('init')
    .description('Make this folder a repository with data, for Capstan and dvc alike')
    .option('--no-scm', 'without Git')
    .option('--subdir', 'this folder is a project inside a larger Git repository')
    .addHelpText('after', '\nExample:\n  git init && capstan init && capstan add data && git commit -m "first data"\n')
    .action(
      action(async (options: Options) => {
        const files = initRepository({
          folder: terminal.cwd,
          hasNoGit: !options.scm,
          isSubfolder: options.subdir === true,
        });
        terminal.out(`wrote ${files.join(', ')}`);
        return undefined;
      }),
    );
}
