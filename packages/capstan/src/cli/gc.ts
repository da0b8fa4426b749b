import type { Command } from 'commander';
import { collectCache } from './collect-cache.ts';
import { WAIT_OPTION } from './open-here.ts';
import { reportText } from './purge-report.ts';
import type { Registration } from './run.ts';
import type { CommandResult, Terminal } from './terminal.ts';

interface Options extends ScopeOptions {
  readonly olderThan?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What is kept of a repository's cache, and how it is asked for. */
export interface ScopeOptions {
  readonly workspace?: boolean;
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
  readonly allExperiments?: boolean;
  readonly date?: string;
  readonly rev?: string;
  readonly num?: string;
  readonly projects?: readonly string[];
  readonly skipFailed?: boolean;
  readonly dry?: boolean;
  readonly force?: boolean;
  readonly wait: string;
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
    .option('--dry', 'change nothing, name what would go')
    .option('-f, --force', 'do not ask')
    .option(...WAIT_OPTION)
    .option('--older-than <time>', 'on the server: everything deleted longer ago than this (30d, 0s)')
    .option('--dry-run', 'on the server: change nothing, say what would go')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan gc -w --dry\n  capstan gc -aT -f\n  capstan gc --older-than 30d --dry-run\n',
    )
    .action(
      action(async (options: Options) =>
        hasScope(options) ? await collectCache(terminal, options) : await collectOnServer(terminal, options),
      ),
    );
}

/** As dvc has it, one of these must be named, so that nothing goes by an option that was forgotten. */
function hasScope(options: ScopeOptions): boolean {
  const { workspace, allBranches, allTags, allCommits, allExperiments, date, rev } = options;
  return [workspace, allBranches, allTags, allCommits, allExperiments, date, rev].some(Boolean);
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
