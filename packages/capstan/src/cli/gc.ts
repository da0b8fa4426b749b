import type { Command } from 'commander';
import { connect } from './connect.ts';
import { reportText } from './purge-report.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly olderThan?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('gc')
    .description('Purge what has been in the trash long enough, and free bytes that nothing refers to')
    .option('--older-than <time>', 'everything deleted longer ago than this (30d, 0s), whatever the policies say')
    .option('--dry-run', 'change nothing, say what would go')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan gc --older-than 30d --dry-run\n')
    .action(
      action(async (options: Options) => {
        const report = await connect(terminal).trash.collect({
          body: {
            isDryRun: options.dryRun ?? false,
            ...(options.olderThan !== undefined && { olderThan: options.olderThan }),
          },
        });
        terminal.out(options.json ? JSON.stringify({ schema: 'capstan/purge.v1', ...report }) : reportText(report));
        return undefined;
      }),
    );
}
