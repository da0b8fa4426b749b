import type { Command } from 'commander';
import { pushData, pushRunCache } from '#repository';
import { inRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import { summaryText, tellFailed, transferring, withTransferOptions, type TransferFlags } from './transfers.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  withTransferOptions(program.command('push [target...]'))
    .description('Send tracked data from the cache to a remote')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan push\n  capstan push data/images train --remote backup\n  capstan push --run-cache --jobs 32\n',
    )
    .action(
      action(async (targets: string[], flags: TransferFlags) => {
        const { runs, ...done } = await inRepository(terminal, flags, (repository) =>
          transferring(terminal, flags, async (options) => {
            const sent = await pushData(repository, targets, options);
            return { ...sent, runs: flags.runCache ? await pushRunCache(repository, options) : 0 };
          }),
        );
        if (flags.json) terminal.out(JSON.stringify({ schema: 'capstan/push.v1', ...done, runs }));
        else terminal.out(`${summaryText(done, 'sent')}${flags.runCache ? `; ${runs} results of stages sent` : ''}.`);
        return tellFailed(terminal, done.failed);
      }),
    );
}
