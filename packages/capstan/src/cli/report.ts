import type { Command } from 'commander';
import { invalid } from '#kernel/errors';
import { clearOldRuns, unsentRuns, withRepositoryLock } from '#repository';
import { headersOf } from './connect.ts';
import { lockOptions, WAIT_OPTION, withRepository } from './open-here.ts';
import { withCommands } from './repro.ts';
import { reportServer } from './reporting/server.ts';
import type { Registration } from './run.ts';

interface Options {
  readonly to?: string;
  readonly wait: string;
  readonly json?: boolean;
}

const LONGEST_CALL_MS = 30_000;

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('report')
    .description('Send what capstan repro and exp run have taken down and no server was told yet: runs, stages, logs')
    .option('--to <url>', 'server that is told; default: CAPSTAN_URL, or git config capstan.url')
    .option(...WAIT_OPTION)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  capstan report --to http://mlops.example.org:5050\n  git config capstan.url http://mlops.example.org:5050 && capstan report\n',
    )
    .action(
      action(async (options: Options) => {
        const url = reportServer(terminal, { ...(options.to !== undefined && { report: options.to }) });
        if (url === undefined)
          throw invalid('No server is set that could be told', {
            field: '--to',
            hint: 'Name it with --to URL, CAPSTAN_URL, or git config capstan.url URL.',
          });
        const [{ createClient }, { sendRun }] = await Promise.all([
          import('@capstan/client'),
          import('./reporting/send-run.ts'),
        ]);
        const client = createClient({ baseUrl: url, headers: headersOf() });
        const sent = await withRepository(terminal, async (repository) => {
          // What was killed is lost from here on, and what it told ends.
          await withCommands(terminal, repository, {}, (executor) =>
            withRepositoryLock(repository, lockOptions(terminal, options), () =>
              clearOldRuns(repository.home, executor, repository.now()),
            ),
          );
          const folders = unsentRuns(repository.home);
          for (const [index, folder] of folders.entries()) {
            terminal.show(`sending run ${index + 1} of ${folders.length}`);
            const run = sendRun(client, url, folder);
            while (await run.step(AbortSignal.timeout(LONGEST_CALL_MS)));
          }
          return folders.length;
        });
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/report.v1', url, runs: sent }));
        else
          terminal.out(
            sent === 0 ? 'Nothing is left to send.' : `${sent} ${sent === 1 ? 'run' : 'runs'} sent to ${url}.`,
          );
        return undefined;
      }),
    );
}
