import type { Command } from 'commander';
import { connect } from './connect.ts';
import { exitCodes } from './exit-codes.ts';
import type { Registration } from './run.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  const audit = program.command('audit').description('The record of everything that happened');
  audit
    .command('verify')
    .description('Walk the hash chain; exit code 10 and the first broken link when it does not hold')
    .option('--json', 'print JSON')
    .action(
      action(async (options: { json?: boolean }) => {
        const report = await connect(terminal).system.verifyAudit({});
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/audit-verify.v1', ...report }));
        else if (report.ok) terminal.out(`${report.checked} facts, chain intact, head ${report.head}`);
        else
          terminal.out(
            `broken at fact ${report.broken?.seq}: ${report.broken?.reason} (${report.checked} before it fit)`,
          );
        return report.ok ? exitCodes.done : exitCodes.no;
      }),
    );
  audit
    .command('list')
    .description('Print facts, oldest first')
    .option('--project <name>')
    .option('--type <type>')
    .option('--after <seq>', 'only facts after this number')
    .option('--limit <count>', 'at most this many', '100')
    .option('--json', 'print JSON lines')
    .action(
      action(async (options: { project?: string; type?: string; after?: string; limit: string; json?: boolean }) => {
        const { json, ...query } = options;
        const { items } = await connect(terminal).system.events({ query });
        for (const item of items) {
          const line = `${item.seq}  ${new Date(item.at).toISOString()}  ${item.type}  ${item.subject}  by ${item.actor}`;
          terminal.out(json ? JSON.stringify(item) : line);
        }
        return undefined;
      }),
    );
}
