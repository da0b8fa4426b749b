import type { Command } from 'commander';
import { connect } from './connect.ts';
import { experimentsOf } from './experiments-of.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { oneLine, table } from './terminal.ts';
import { timeText } from './time-text.ts';
import { addTrashCommands } from './trash-commands.ts';

interface ListOptions {
  readonly deleted?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export function register(program: Command, at: Registration): void {
  const { terminal, action } = at;
  const experiments = program.command('experiments').description('Experiments: sets of runs');
  experiments
    .command('list')
    .description('Experiments, newest first')
    .option('--deleted', 'deleted ones instead of active ones')
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .action(
      action(async (options: ListOptions) => {
        const view = options.deleted ? 'deleted' : 'active';
        const page = await connect(terminal).experiments.list({ query: { view, limit: options.limit } });
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/experiments.v1', experiments: page.items }));
        else {
          terminal.out(
            table(
              ['ID', 'NAME', 'RUNS', 'DELETED RUNS', 'CHANGED'],
              page.items.map(({ id, name, runs, updatedAt }) => [
                id,
                oneLine(name),
                runs.active,
                runs.deleted,
                timeText(updatedAt),
              ]),
            ),
          );
        }
        if (page.nextCursor !== undefined) terminal.err(`There are more: these are the first ${page.items.length}.`);
        return undefined;
      }),
    );
  addTrashCommands(experiments, at, {
    kind: 'experiments',
    argument: 'name-or-id',
    idsOf: async (client, given) => {
      const ids: string[] = [];
      for (const wanted of given) ids.push(...(await experimentsOf(client, wanted)).map(({ id }) => id));
      return ids;
    },
  });
}
