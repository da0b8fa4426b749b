import type { Command } from 'commander';
import { checkoutData } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly wait: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('checkout [path...]')
    .description('Make tracked data what its .dvc files say, from the cache')
    .option('-f, --force', 'write over data that only the checkout holds')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  git switch main && capstan checkout\n  capstan checkout data/images\n')
    .action(
      action(async (paths: string[], options: Options) => {
        const done = await inRepository(terminal, options, (repository) =>
          checkoutData(repository, paths, {
            isForced: options.force === true,
            onProgress: ({ files, of }) => terminal.show(`${files} of ${of} files`),
          }),
        );
        if (options.json) {
          terminal.out(JSON.stringify({ schema: 'capstan/checkout.v1', data: done }));
          return undefined;
        }
        const changed = done.filter(({ change }) => change !== 'unchanged');
        for (const { path, change, files } of changed) {
          terminal.out(`${change}  ${path}  ${files.written} written, ${files.removed} removed`);
        }
        if (changed.length === 0) terminal.out('All data is as its .dvc files say.');
        return undefined;
      }),
    );
}
