import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { invalid } from '#kernel/errors';
import { connect } from './connect.ts';
import { experimentsOf, type Experiment } from './experiments-of.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { runStateText, serverNow } from './run-state-text.ts';
import { showRun } from './show-run.ts';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';
import { addTrashCommands } from './trash-commands.ts';

interface ListOptions {
  readonly experiment?: string;
  readonly filter?: string;
  readonly orderBy?: string[];
  readonly columns?: string[];
  readonly deleted?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

const kinds = ['metrics', 'params', 'tags'] as const;

interface Column {
  readonly of: (typeof kinds)[number];
  readonly key: string;
  readonly written: string;
}

type RunSummary = Awaited<ReturnType<Client['experiments']['searchRuns']>>['items'][number];

export function register(program: Command, at: Registration): void {
  const { terminal, action } = at;
  const runs = program.command('runs').description('Runs of experiments');
  runs
    .command('list')
    .alias('search')
    .description('Runs, newest first')
    .option('--experiment <name>', 'only those of this experiment (name or id)')
    .option('--filter <text>', "MLflow's search language, e.g. \"metrics.log_loss < 0.3 and params.kind = 'trees'\"")
    .option('--order-by <term...>', 'e.g. "metrics.log_loss ASC"')
    .option('--columns <key...>', 'show these, e.g. metrics.log_loss params.kind tags.team')
    .option('--deleted', 'deleted runs instead of active ones')
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  capstan runs list --experiment flight-delays --columns metrics.log_loss --order-by "metrics.log_loss"\n',
    )
    .action(
      action(async (options: ListOptions) => {
        const client = connect(terminal);
        const columns = (options.columns ?? []).map(columnOf);
        const experiments = await experimentsOf(client, options.experiment);
        const page = await search(client, experiments, columns, options);
        const names = new Map(experiments.map(({ id, name }) => [id, name]));
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/runs.v1', runs: page.items }));
        else terminal.out(runTable(page.items, { names, now: await serverNow(client) }, columns));
        if (page.nextCursor !== undefined) terminal.err(`There are more: these are the first ${page.items.length}.`);
        return undefined;
      }),
    );
  runs
    .command('show <id>')
    .description('One run with all that was logged to it')
    .option('--json', 'print JSON')
    .action(
      action(async (id: string, options: { json?: boolean }) => {
        const client = connect(terminal);
        const run = await client.experiments.getRun({ params: { run: id } });
        if (options.json) {
          terminal.out(JSON.stringify({ schema: 'capstan/run.v1', ...run }));
          return undefined;
        }
        const [now, experiment, artifacts] = await Promise.all([
          serverNow(client),
          client.experiments.get({ params: { experiment: run.experimentId } }),
          client.experiments.listArtifacts({ params: { owner: 'run', id: run.id }, query: {} }),
        ]);
        terminal.out(showRun(run, { experiment: experiment.name, artifacts: artifacts.items, now }));
        return undefined;
      }),
    );
  addTrashCommands(runs, at, { kind: 'runs', argument: 'id', idsOf: async (_client, ids) => [...ids] });
}

/** @throws DomainError INVALID_ARGUMENT for one that is neither a metric, a param nor a tag */
function columnOf(written: string): Column {
  const dot = written.indexOf('.');
  const of = kinds.find((kind) => kind === written.slice(0, dot));
  if (of !== undefined && dot < written.length - 1) return { of, key: written.slice(dot + 1), written };
  const ways = kinds.map((kind) => `${kind}.${written.slice(dot + 1)}`).join(', ');
  throw invalid(`'${oneLine(written)}' is no column`, {
    field: '--columns',
    hint: `Write one of ${oneLine(ways, 200)}.`,
  });
}

async function search(
  client: Client,
  experiments: readonly Experiment[],
  columns: readonly Column[],
  options: ListOptions,
) {
  const keys = (kind: Column['of']) => columns.flatMap(({ of, key }) => (of === kind ? [key] : []));
  return await client.experiments.searchRuns({
    body: {
      experimentIds: experiments.map(({ id }) => id),
      ...(options.filter !== undefined && { filter: options.filter }),
      view: options.deleted ? 'deleted' : 'active',
      orderBy: options.orderBy ?? [],
      metrics: keys('metrics'),
      params: keys('params'),
      tags: keys('tags'),
      limit: options.limit,
    },
  });
}

function runTable(
  runs: readonly RunSummary[],
  { names, now }: { readonly names: ReadonlyMap<string, string>; readonly now: number },
  columns: readonly Column[],
): string {
  return table(
    ['ID', 'NAME', 'EXPERIMENT', 'STATUS', 'STARTED', 'TOOK', ...columns.map(({ written }) => oneLine(written))],
    runs.map((run) => [
      run.id,
      oneLine(run.name),
      oneLine(names.get(run.experimentId) ?? run.experimentId),
      runStateText(run, now),
      timeText(run.startTime),
      durationText(run.startTime, run.endTime),
      ...columns.map(({ of, key }) =>
        of === 'metrics' ? (run.metrics[key]?.value ?? '') : oneLine(run[of][key] ?? ''),
      ),
    ]),
  );
}
