import type { Command } from 'commander';
import { removeData } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly outs?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('remove <target...>')
    .description('Stop tracking data: its .dvc file and the line in .gitignore go, the data stays')
    .option('--outs', 'remove the data from the checkout too; the cache keeps it until gc')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan remove data/images.dvc\n')
    .action(
      action(async (targets: string[], options: Options) => {
        const removed = await inRepository(terminal, options, (repository) =>
          removeData(repository, targets, options.outs === true),
        );
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/untracked.v1', removed }));
        else
          for (const { file, paths } of removed)
            terminal.out(`${file} is gone: ${paths.join(', ')} is tracked no longer`);
        return undefined;
      }),
    );
}
