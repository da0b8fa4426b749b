// Everything that a programme may have made, asked for again.
import { ref, type Kind, type Operation, type Value } from './programme.ts';

interface Known {
  readonly ids: Readonly<Record<Kind, readonly string[]>>;
}

/** Asks in steps; within one, order does not matter. */
export async function readBack(
  programme: readonly Operation[],
  [first]: readonly Known[],
  ask: (operations: readonly Operation[]) => Promise<void>,
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
  const keys = [...new Set(metricKeysIn(programme))];
  await ask(
    count('run').flatMap((id): Operation[] => [
      { call: 'GET runs/get', query: [['run_id', id]] },
      ...keys.map((key): Operation => ({
        call: 'GET metrics/get-history',
        query: [
          ['run_id', id],
          ['metric_key', key],
        ],
        pages: 'metrics',
      })),
    ]),
  );
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
    .map((value) =>
      typeof value === 'object' && value !== null && '$name' in value ? String(value.$name) : undefined,
    );
  return [...new Set(names.filter((name) => name !== undefined))];
}

function metricKeysIn(programme: readonly Operation[]): string[] {
  return programme.flatMap(({ call, body }) => {
    if (call === 'POST runs/log-metric') return textsIn([body?.['key']]);
    const metrics = call === 'POST runs/log-batch' ? body?.['metrics'] : undefined;
    return Array.isArray(metrics)
      ? textsIn(metrics.map((metric: Value) => (metric as { key?: Value } | null)?.key))
      : [];
  });
}

function textsIn(values: readonly (Value | undefined)[]): string[] {
  return values.filter((value): value is string => typeof value === 'string' && value !== '' && value.length <= 250);
}
