import type { Command } from 'commander';
import { collectCache, hasScope, type ScopeOptions } from './collect-cache.ts';
import { WAIT_OPTION } from './open-here.ts';
import { reportText } from './purge-report.ts';
import type { Registration } from './run.ts';
import type { CommandResult, Terminal } from './terminal.ts';

interface Options extends ScopeOptions {
  readonly olderThan?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('gc')
    .description('Free bytes that nothing refers to: of a repository’s cache with -w and its like, else on the server')
    .option('-w, --workspace', 'keep what the checkout needs')
    .option('-a, --all-branches', 'and the tips of all Git branches')
    .option('-T, --all-tags', 'and all Git tags')
    .option('-A, --all-commits', 'and all Git commits')
    .option('--all-experiments', 'and all experiments')
    .option('--date <yyyy-mm-dd>', 'and all commits from that day on')
    .option('--rev <commit>', 'and that commit')
    .option('-n, --num <count>', 'of --rev and of each branch keep so many commits, not only the last')
    .option('-p, --projects <path...>', 'and what these repositories need, which share the cache')
    .option('--skip-failed', 'leave out revisions whose files cannot be read')
    .option('--not-in-remote', 'of all that keep only what the remote does not hold')
    .option('-c, --cloud', 'clear the remote, too')
    .option('-r, --remote <name>', 'another remote than the default one')
    .option(
      '--max-size <size>',
      'remove what the remote holds and the checkout does not need, longest unused first, down to this size (10GB)',
    )
    .option('--dry', 'change nothing, name what would go')
    .option('-f, --force', 'do not ask')
    .option(...WAIT_OPTION)
    .option('--older-than <time>', 'on the server: everything deleted longer ago than this (30d, 0s)')
    .option('--dry-run', 'on the server: change nothing, say what would go')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan gc -w --dry\n  capstan gc -aT -f\n  capstan gc --max-size 10GB -f\n  capstan gc --older-than 30d --dry-run\n',
    )
    .action(
      action(async (options: Options) =>
        hasScope(options) || options.maxSize !== undefined
          ? await collectCache(terminal, options)
          : await collectOnServer(terminal, options),
      ),
    );
}

async function collectOnServer(terminal: Terminal, options: Options): CommandResult {
  const { connect } = await import('./connect.ts');
  const report = await connect(terminal).trash.collect({
    body: {
      isDryRun: options.dryRun ?? false,
      ...(options.olderThan !== undefined && { olderThan: options.olderThan }),
    },
  });
  terminal.out(options.json ? JSON.stringify({ schema: 'capstan/purge.v1', ...report }) : reportText(report));
  return undefined;
}
