import type { Command } from 'commander';
import { connect } from './connect.ts';
import type { Registration } from './run.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  program
    .command('status')
    .description('Whether the server runs, and what it is doing')
    .option('--json', 'print JSON')
    .action(
      action(async (options: { json?: boolean }) => {
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
      }),
    );
}
