import type { Command } from 'commander';
import { importUrl } from '#repository';
import { inRepository, WAIT_OPTION } from './open-here.ts';
import type { Registration } from './run.ts';
import { extentOf, importedText, type ImportFlags } from './source-access.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('import-url <url> [out]')
    .description('Track a file or folder of this machine, or a file of a web server, with where it is from')
    .option('--no-exec', 'only write down where it is from')
    .option('--no-download', 'look at it, and bring nothing')
    .option('-f, --force', 'take the place of what is there')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan import-url https://example.com/prices.csv data/prices.csv\n  capstan import-url /mnt/share/scans\n',
    )
    .action(
      action(async (url: string, out: string | undefined, options: ImportFlags) => {
        const imported = await inRepository(terminal, options, (repository) =>
          importUrl(repository, url, {
            ...(out !== undefined && { out }),
            isForced: options.force === true,
            extent: extentOf(options),
          }),
        );
        terminal.out(importedText([imported], options.json === true));
        return undefined;
      }),
    );
}
