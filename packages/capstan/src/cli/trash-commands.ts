import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { reportText } from './purge-report.ts';
import type { Registration } from './run.ts';

/** Reads what people call a thing: the ids that the server knows. */
type IdsOf = (client: Client, given: readonly string[]) => Promise<string[]>;

/** `delete`, `restore` and `purge` of a noun's command. */
export function addTrashCommands(
  noun: Command,
  { terminal, action }: Registration,
  things: { readonly kind: 'experiments' | 'runs'; readonly argument: string; readonly idsOf: IdsOf },
): void {
  const { kind, argument, idsOf } = things;
  const move = (verb: 'delete' | 'restore', past: string) =>
    action(async (given: string[], options: { json?: boolean }) => {
      const client = connect(terminal);
      const { changed } = await client.trash[verb]({ body: { [kind]: await idsOf(client, given) } });
      terminal.out(options.json ? JSON.stringify({ schema: 'capstan/changed.v1', changed }) : `${past} ${changed}`);
      return undefined;
    });
  noun
    .command('delete')
    .argument(`<${argument}...>`)
    .description(`Put ${kind} into the trash; restore takes them out again`)
    .option('--json', 'print JSON')
    .action(move('delete', 'Deleted'));
  noun
    .command('restore')
    .argument(`<${argument}...>`)
    .description(`Take ${kind} out of the trash`)
    .option('--json', 'print JSON')
    .action(move('restore', 'Restored'));
  noun
    .command('purge')
    .argument(`<${argument}...>`)
    .description(`Remove ${kind} in the trash for good, rows and bytes: all of them or none`)
    .option('--dry-run', 'change nothing, say what would go')
    .option('--json', 'print JSON')
    .action(
      action(async (given: string[], options: { dryRun?: boolean; json?: boolean }) => {
        const client = connect(terminal);
        const body = { [kind]: await idsOf(client, given), isDryRun: options.dryRun ?? false };
        const report = await client.trash.purge({ body });
        terminal.out(options.json ? JSON.stringify({ schema: 'capstan/purge.v1', ...report }) : reportText(report));
        return undefined;
      }),
    );
}
