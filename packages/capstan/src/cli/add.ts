import type { Command } from 'commander';
import { addData } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly wait: string;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('add <path...>')
    .description('Track files and folders: bytes into the cache, a .dvc file for Git')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  capstan add data/images\n  git add data/images.dvc data/.gitignore\n')
    .action(
      action(async (paths: string[], options: Options) => {
        const done = { files: 0, bytes: 0 };
        const added = await inRepository(terminal, options, (repository) =>
          addData(repository, paths, ({ files, bytes }) => {
            done.files += files;
            done.bytes += bytes;
            terminal.show(`${done.files.toLocaleString('en')} files, ${(done.bytes / 1e6).toFixed(0)} MB read`);
          }),
        );
        if (options.json) {
          terminal.out(JSON.stringify({ schema: 'capstan/added.v1', added }));
          return undefined;
        }
        for (const { path, file, isChanged } of added) {
          terminal.out(isChanged ? `${path} is tracked by ${file}` : `${path} is as it was`);
        }
        return undefined;
      }),
    );
}
