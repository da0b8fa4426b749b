import { resolve } from 'node:path';
import type { Command } from 'commander';
import { getData } from '#repository';
import type { Registration } from './run.ts';
import { sourceAccess } from './source-access.ts';

interface Options {
  readonly out?: string;
  readonly rev?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('get <url> <path>')
    .description('Copy a file or folder of another repository here, tracked by nobody; this may be any folder')
    .option('-o, --out <path>', 'where it goes; its own name in this folder where left out')
    .option('--rev <revision>', 'branch, tag or commit; of a folder its files as they are where left out')
    .option('-f, --force', 'take the place of what is there')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan get https://example.com/team/data.git raw/images --rev v1 -o images\n')
    .action(
      action(async (url: string, path: string, { out, rev, force, json }: Options) => {
        const got = await getData(sourceAccess(terminal), url, path, {
          ...(out !== undefined && { out: resolve(terminal.cwd, out) }),
          ...(rev !== undefined && { revision: rev }),
          isForced: force === true,
          onProgress: (done, of) => terminal.show(`${done} of ${of} files`),
        });
        terminal.show('');
        if (json) terminal.out(JSON.stringify({ schema: 'capstan/got.v1', ...got }));
        else terminal.out(`${got.out}: ${got.files} files`);
        return undefined;
      }),
    );
}
