// Everything that a programme may have made, asked for again.
import { ref, type Kind, type Name, type Operation, type Value } from './programme.ts';

interface Known {
  readonly ids: Readonly<Record<Kind, readonly string[]>>;
}

/** Asks in steps; within one, order does not matter. `ask` gives MLflow's answers. */
export async function readBack(
  programme: readonly Operation[],
  [first]: readonly Known[],
  ask: (operations: readonly Operation[]) => Promise<readonly string[]>,
): Promise<void> {
  if (!first) return;
  const count = (kind: Kind) => Array.from({ length: first.ids[kind].length }, (_, n) => ref(kind, n));
  await ask([
    ...count('experiment').flatMap((id) => ofExperiment(id)),
    ...count('model').map((id): Operation => ({
      call: 'GET logged-models/ID',
      path: { $text: ['logged-models/', id] },
    })),
    ...namesIn(programme).flatMap((name) => ofRegisteredModel(name)),
  ]);
  const runs = count('run');
  const answers = await ask(runs.map((id): Operation => ({ call: 'GET runs/get', query: [['run_id', id]] })));
  await ask(runs.flatMap((id, index) => metricKeysIn(answers[index] ?? '').map((key) => historyOf(id, key))));
}

function historyOf(run: Value, key: string): Operation {
  const query = [
    ['run_id', run],
    ['metric_key', key],
  ] as const;
  return { call: 'GET metrics/get-history', query, pages: 'metrics' };
}

function ofExperiment(id: Value): Operation[] {
  return [
    { call: 'GET experiments/get', query: [['experiment_id', id]] },
    { call: 'POST runs/search', body: { experiment_ids: [id], run_view_type: 'ALL' }, pages: 'runs' },
    { call: 'POST logged-models/search', body: { experiment_ids: [id] }, pages: 'models' },
    { call: 'POST experiments/search-datasets', at: '/ajax-api/2.0/mlflow/', body: { experiment_ids: [id] } },
  ];
}

function ofRegisteredModel(name: string): Operation[] {
  const model = { $name: name };
  return [
    { call: 'GET registered-models/get', query: [['name', model]] },
    {
      call: 'GET model-versions/search',
      query: [['filter', { $text: ["name = '", model, "'"] }]],
    },
  ];
}

function namesIn(programme: readonly Operation[]): string[] {
  const names = programme
    .filter(({ call }) => call.startsWith('POST registered-models/'))
    .flatMap(({ body }) => [body?.['name'], body?.['new_name']])
    .map((value) => (isName(value) ? value.$name : undefined));
  return [...new Set(names.filter((name) => name !== undefined))];
}

function isName(value: Value | undefined): value is Name {
  return typeof value === 'object' && value !== null && '$name' in value;
}

function metricKeysIn(runReply: string): string[] {
  const { run } = JSON.parse(runReply) as { run?: { data: { metrics?: { key: string }[] } } };
  return run?.data.metrics?.map(({ key }) => key) ?? [];
}
