import type { Command } from 'commander';
import { fetchRunCache, pullData } from '#repository';
import { inRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import { summaryText, tellFailed, transferring, withTransferOptions, type TransferFlags } from './transfers.ts';

interface Flags extends TransferFlags {
  readonly force?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  withTransferOptions(program.command('pull [target...]'))
    .description('Bring tracked data from a remote into the checkout: fetch, then checkout')
    .option('-f, --force', 'write over data that only the checkout holds')
    .addHelpText(
      'after',
      '\nExamples:\n  git pull && capstan pull\n  capstan pull data/images train --remote backup\n  capstan pull --run-cache --jobs 32\n',
    )
    .action(
      action(async (targets: string[], flags: Flags) => {
        const { runs, ...done } = await inRepository(terminal, flags, (repository) =>
          transferring(terminal, flags, async (options) => {
            const runs = flags.runCache ? await fetchRunCache(repository, options) : 0;
            const checkout = {
              isForced: flags.force === true,
              onProgress: ({ files, of }: { files: number; of: number }) =>
                terminal.show(`bringing into the checkout: ${files} of ${of} files`),
            };
            return { ...(await pullData(repository, targets, { ...options, checkout })), runs };
          }),
        );
        if (flags.json) terminal.out(JSON.stringify({ schema: 'capstan/pull.v1', ...done, runs }));
        else {
          for (const { path, change, files } of done.data) {
            if (change !== 'unchanged')
              terminal.out(`${change}  ${path}  ${files.written} written, ${files.removed} removed`);
          }
          terminal.out(
            `${summaryText(done, 'fetched')}${flags.runCache ? `; ${runs} results of stages fetched` : ''}.`,
          );
        }
        return tellFailed(terminal, done.failed);
      }),
    );
}
