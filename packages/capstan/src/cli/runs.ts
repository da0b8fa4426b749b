import type { Client } from '@capstan/client';
import type { Command } from 'commander';
import { notFound } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import { connect } from './connect.ts';
import { pageSize } from './page-size.ts';
import type { Registration } from './run.ts';
import { runStateText, serverNow } from './run-state-text.ts';
import { showRun } from './show-run.ts';
import { oneLine, table } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

const MOST_EXPERIMENTS = 1_000;

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

type Experiment = Awaited<ReturnType<Client['experiments']['get']>>;
type RunSummary = Awaited<ReturnType<Client['experiments']['searchRuns']>>['items'][number];

export function register(program: Command, { terminal, action }: Registration): void {
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
        else terminal.out(runTable(page.items, { names, now: await serverNow(client) }, options));
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
}

/** The newest ones, or the one of that name or id. @throws DomainError NOT_FOUND naming the nearest */
async function experimentsOf(client: Client, wanted: string | undefined): Promise<Experiment[]> {
  if (wanted !== undefined) {
    const filter = `name = '${wanted.replaceAll("'", "''")}'`;
    const { items } = await client.experiments.list({ query: { view: 'all', filter } });
    if (items.length > 0) return items;
  }
  const { items } = await client.experiments.list({ query: { view: 'all', limit: MOST_EXPERIMENTS } });
  if (wanted === undefined) return items;
  const found = items.filter(({ id }) => id === wanted);
  if (found.length > 0) return found;
  const names = items.map(({ name }) => name);
  const close = nearest(wanted, names);
  throw notFound('experiment', wanted, close === undefined ? undefined : `Did you mean '${close}'?`);
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

function runTable(
  runs: readonly RunSummary[],
  { names, now }: { readonly names: ReadonlyMap<string, string>; readonly now: number },
  options: ListOptions,
): string {
  const metrics = options.metric ?? [];
  const params = options.param ?? [];
  return table(
    ['ID', 'NAME', 'EXPERIMENT', 'STATUS', 'STARTED', 'TOOK', ...[...metrics, ...params].map((key) => oneLine(key))],
    runs.map((run) => [
      run.id,
      oneLine(run.name),
      oneLine(names.get(run.experimentId) ?? run.experimentId),
      runStateText(run, now),
      timeText(run.startTime),
      durationText(run.startTime, run.endTime),
      ...metrics.map((key) => run.metrics[key]?.value ?? ''),
      ...params.map((key) => oneLine(run.params[key] ?? '')),
    ]),
  );
}
