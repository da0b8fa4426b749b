import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { connect } from './connect.ts';
import { experimentsOf, type Experiment } from './experiments-of.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { showRun } from './show-run.ts';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';
import { addTrashCommands } from './trash-commands.ts';

interface ListOptions {
  readonly experiment?: string;
  readonly filter?: string;
  readonly order?: string[];
  readonly metric?: string[];
  readonly param?: string[];
  readonly deleted?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

type RunSummary = Awaited<ReturnType<Client['experiments']['searchRuns']>>['items'][number];

export function register(program: Command, at: Registration): void {
  const { terminal, action } = at;
  const runs = program.command('runs').description('Runs of experiments');
  runs
    .command('list')
    .description('Runs, newest first')
    .option('--experiment <name>', 'only those of this experiment (name or id)')
    .option('--filter <text>', "MLflow's search language, e.g. \"metrics.log_loss < 0.3 and params.kind = 'trees'\"")
    .option('--order <term...>', 'e.g. "metrics.log_loss ASC"')
    .option('--metric <key...>', 'show these metrics')
    .option('--param <key...>', 'show these params')
    .option('--deleted', 'deleted runs instead of active ones')
    .option('--limit <count>', 'at most this many', pageSize, 100)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  capstan runs list --experiment flight-delays --metric log_loss --order "metrics.log_loss"\n',
    )
    .action(
      action(async (options: ListOptions) => {
        const client = connect(terminal);
        const experiments = await experimentsOf(client, options.experiment);
        const page = await search(client, experiments, options);
        const names = new Map(experiments.map(({ id, name }) => [id, name]));
        if (options.json) terminal.out(JSON.stringify({ schema: 'capstan/runs.v1', runs: page.items }));
        else terminal.out(runTable(page.items, names, options));
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
        const [experiment, artifacts] = await Promise.all([
          client.experiments.get({ params: { experiment: run.experimentId } }),
          client.experiments.listArtifacts({ params: { owner: 'run', id: run.id }, query: {} }),
        ]);
        terminal.out(showRun(run, experiment.name, artifacts.items));
        return undefined;
      }),
    );
  addTrashCommands(runs, at, { kind: 'runs', argument: 'id', idsOf: async (_client, ids) => [...ids] });
}

async function search(client: Client, experiments: readonly Experiment[], options: ListOptions) {
  return await client.experiments.searchRuns({
    body: {
      experimentIds: experiments.map(({ id }) => id),
      ...(options.filter !== undefined && { filter: options.filter }),
      view: options.deleted ? 'deleted' : 'active',
      orderBy: options.order ?? [],
      metrics: options.metric ?? [],
      params: options.param ?? [],
      limit: options.limit,
    },
  });
}

function runTable(runs: readonly RunSummary[], experiments: ReadonlyMap<string, string>, options: ListOptions): string {
  const metrics = options.metric ?? [];
  const params = options.param ?? [];
  return table(
    ['ID', 'NAME', 'EXPERIMENT', 'STATUS', 'STARTED', 'TOOK', ...[...metrics, ...params].map((key) => oneLine(key))],
    runs.map((run) => [
      run.id,
      oneLine(run.name),
      oneLine(experiments.get(run.experimentId) ?? run.experimentId),
      run.status,
      timeText(run.startTime),
      durationText(run.startTime, run.endTime),
      ...metrics.map((key) => run.metrics[key]?.value ?? ''),
      ...params.map((key) => oneLine(run.params[key] ?? '')),
    ]),
  );
}
