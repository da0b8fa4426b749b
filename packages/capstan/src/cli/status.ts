import type { Command } from 'commander';
import { repositoryStatus, rootOf, type Repository } from '#repository';
import { withRepository } from './open-here.ts';
import type { Registration } from './run.ts';
import { exitCodes } from './exit-codes.ts';
import { statusText } from './repository-status-text.ts';
import type { CommandResult, Terminal } from './terminal.ts';

interface Options {
  readonly server?: boolean;
  readonly granular?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('status [target...]')
    .description(
      'In a repository, what of its data and stages changed, and why; elsewhere, whether the server runs and what it is doing',
    )
    .option('--granular', 'name the files of changed folders')
    .option('-q, --quiet', `print nothing; the exit code is ${exitCodes.no} where something changed`)
    .option('--server', 'the server, also in a repository')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  capstan status\n  capstan status data/images --granular\n')
    .action(
      action(async (targets: string[], options: Options) => {
        const isHere = options.server !== true && (targets.length > 0 || rootOf(terminal.cwd) !== undefined);
        if (!isHere) return await showServer(terminal, options);
        return await withRepository(terminal, (repository) => showRepository(terminal, repository, targets, options));
      }),
    );
}

async function showRepository(
  terminal: Terminal,
  repository: Repository,
  targets: readonly string[],
  options: Options,
): CommandResult {
  const done = { files: 0, bytes: 0 };
  const status = await repositoryStatus(repository, targets, ({ files, bytes }) => {
    done.files += files;
    done.bytes += bytes;
    terminal.show(`${done.files.toLocaleString('en')} files, ${(done.bytes / 1e6).toFixed(0)} MB read`);
  });
  terminal.show('');
  const isClean = status.changed.length === 0;
  if (options.quiet) return isClean ? exitCodes.done : exitCodes.no;
  if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/repository-status.v1', isClean, ...status }));
  else terminal.out(statusText(status, options.granular === true));
  return undefined;
}

async function showServer(terminal: Terminal, options: Options): CommandResult {
  const { connect } = await import('./connect.ts');
  const status = await connect(terminal).system.status({});
  if (options.json) {
    terminal.out(JSON.stringify({ schema: 'capstan/status.v1', ...status }));
    return undefined;
  }
  const { jobs } = status;
  terminal.out(
    [
      `capstan ${status.version} on ${status.database}`,
      `time   ${new Date(status.now).toISOString()} (${status.clock} clock)`,
      `jobs   ${jobs.running} running, ${jobs.due} due, ${jobs.scheduled} scheduled, ${jobs.discarded} given up`,
      `facts  ${status.lastEventSeq}`,
    ].join('\n'),
  );
  return undefined;
}
