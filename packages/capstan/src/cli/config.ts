import type { Command } from 'commander';
import { displayValue, loadConfig } from '../config.ts';
import type { Registration } from './run.ts';
import { table } from './terminal.ts';

export function register(program: Command, { terminal, action }: Registration): void {
  const config = program.command('config').description('Settings and where they come from');
  config
    .command('show')
    .description('Print every setting')
    .option('--origin', 'say where each value comes from')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  capstan config show --origin\n')
    .action(
      action(async (options: { origin?: boolean; json?: boolean }) => {
        const { origins } = await loadConfig({ flags: {}, env: terminal.env, cwd: terminal.cwd });
        const rows = origins.map((origin) => ({ name: origin.name, value: displayValue(origin), from: origin.from }));
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/config.v1', settings: rows }));
        else if (options.origin) {
          terminal.out(
            table(
              ['SETTING', 'VALUE', 'FROM'],
              rows.map((row) => [row.name, row.value, row.from]),
            ),
          );
        } else
          terminal.out(
            table(
              ['SETTING', 'VALUE'],
              rows.map((row) => [row.name, row.value]),
            ),
          );
        return undefined;
      }),
    );
}
