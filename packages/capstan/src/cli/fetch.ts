import type { Command } from 'commander';
import { fetchData, fetchRunCache } from '#repository';
import { inRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import { summaryText, tellFailed, transferring, withTransferOptions, type TransferFlags } from './transfers.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  withTransferOptions(program.command('fetch [target...]'))
    .description('Bring tracked data from a remote into the cache, each object checked as it arrives')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan fetch\n  capstan fetch data/images train --remote backup\n  capstan fetch --run-cache\n',
    )
    .action(
      action(async (targets: string[], flags: TransferFlags) => {
        const { runs, ...done } = await inRepository(terminal, flags, (repository) =>
          transferring(terminal, flags, async (options) => {
            const runs = flags.runCache ? await fetchRunCache(repository, options) : 0;
            return { ...(await fetchData(repository, targets, options)), runs };
          }),
        );
        if (flags.json) terminal.out(JSON.stringify({ schema: 'capstan/fetch.v1', ...done, runs }));
        else
          terminal.out(
            `${summaryText(done, 'fetched')}${flags.runCache ? `; ${runs} results of stages fetched` : ''}.`,
          );
        return tellFailed(terminal, done.failed);
      }),
    );
}
