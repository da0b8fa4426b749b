import fc from 'fast-check';
import type { Id, Operation, Value } from '../programme.ts';
import { given, idOf, key, maxResults, metricValue, mostly, sometimes, step, tags, text, timestamp } from './values.ts';

const run_id = idOf('run');
const metric = fc
  .record({
    key,
    value: metricValue,
    timestamp: mostly(40, timestamp, fc.constant(undefined)),
    step: sometimes(step, 4),
    model_id: sometimes(idOf('model'), 8).map((id) => (id === undefined ? undefined : id)),
  })
  .map(given);
const param = fc.record({ key, value: sometimes(text, 20) }).map(given);

const logMetric: fc.Arbitrary<Operation> = fc.tuple(run_id, metric).map(([id, point]) => ({
  call: 'POST runs/log-metric',
  body: { run_id: id, ...point } as Operation['body'] & object,
}));

const logParam: fc.Arbitrary<Operation> = fc.tuple(run_id, param).map(([id, given_]) => ({
  call: 'POST runs/log-parameter',
  body: { run_id: id, ...given_ } as Operation['body'] & object,
}));

const few = <T>(item: fc.Arbitrary<T>) => sometimes(fc.array(item, { maxLength: 6 }), 4);
const many = fc
  .constantFrom(100, 101, 1_000, 1_001)
  .chain((length) => fc.constantFrom('metrics', 'params', 'tags').map((list) => ({ length, list })));

const logBatch: fc.Arbitrary<Operation> = mostly(
  40,
  fc
    .record({ run_id, metrics: few(metric), params: few(param), tags: sometimes(tags(4), 3) })
    .map((body) => given(body) as unknown as Operation['body'] & object),
  fc.tuple(run_id, many).map(([id, { length, list }]) => ({
    run_id: id,
    [list]: Array.from({ length }, (_, n) =>
      list === 'metrics' ? { key: 'many', value: n, timestamp: n, step: n } : { key: `k${n}`, value: String(n) },
    ) as Value,
  })),
).map((body) => ({ call: 'POST runs/log-batch', body }));

const datasetText = (longest: number) =>
  mostly(15, fc.constantFrom('iris', 'digits', 'ä'), fc.constantFrom('', 'd'.repeat(longest), 'd'.repeat(longest + 1)));
const dataset = fc
  .record({
    name: datasetText(500),
    digest: datasetText(36),
    source_type: sometimes(fc.constantFrom('local', 'http'), 10),
    source: sometimes(fc.constantFrom('{"uri": "x"}', 's3://a/b'), 10),
    schema: sometimes(fc.constantFrom('{"a": 1}', 's2')),
    profile: sometimes(fc.constantFrom('{"rows": 3}', 'p2')),
  })
  .map(given);
const inputTag = fc.record({
  key: fc.constantFrom('mlflow.data.context', 'other', 'k'.repeat(256)),
  value: mostly(12, fc.constantFrom('train', 'eval', ''), fc.constantFrom('v'.repeat(500), 'v'.repeat(501))),
});

const logInputs: fc.Arbitrary<Operation> = fc
  .record({
    run_id,
    datasets: sometimes(
      fc.array(fc.record({ dataset, tags: sometimes(fc.array(inputTag, { maxLength: 2 })) }).map(given), {
        maxLength: 3,
      }),
      6,
    ),
    models: sometimes(fc.array(fc.record({ model_id: idOf('model') }), { maxLength: 2 })),
  })
  .map((body) => ({ call: 'POST runs/log-inputs', body: given(body) as unknown as Operation['body'] & object }));

const logOutputs: fc.Arbitrary<Operation> = fc
  .record({
    run_id,
    models: fc.array(fc.record({ model_id: idOf('model'), step: sometimes(step, 4) }).map(given), { maxLength: 3 }),
  })
  .map((body) => ({ call: 'POST runs/outputs', body: body as unknown as Operation['body'] & object }));

const modelJson = (id: Id): Value => ({
  $text: [
    '{"run_id": "',
    id,
    '", "artifact_path": "model", "utc_time_created": "2024-01-01 00:00:00.000000", "flavors": {}}',
  ],
});
const logModel: fc.Arbitrary<Operation> = fc
  .tuple(run_id, mostly(6, run_id.map(modelJson), fc.constantFrom<Value>('', 'no json', '{}', '[]')))
  .map(([id, model_json]) => ({ call: 'POST runs/log-model', body: { run_id: id, model_json } }));

const history: fc.Arbitrary<Operation> = fc
  .tuple(run_id, key, sometimes(maxResults(1_000_000)))
  .map(([id, metric_key, size]) => ({
    call: 'GET metrics/get-history',
    query: [
      ['run_id', id],
      ['metric_key', metric_key],
      ...(size === undefined ? [] : [['max_results', size] as const]),
    ],
    ...(size !== undefined && { pages: 'metrics' }),
  }));

const bulk: fc.Arbitrary<Operation> = fc
  .tuple(fc.array(run_id, { maxLength: 3 }), key, sometimes(maxResults(25_000)))
  .map(([ids, metric_key, size]) => ({
    call: 'GET metrics/get-history-bulk',
    isByRunId: true,
    at: '/ajax-api/2.0/mlflow/',
    query: [
      ...ids.map((id) => ['run_id', id] as const),
      ['metric_key', metric_key],
      ...(size === undefined ? [] : [['max_results', size] as const]),
    ],
  }));

const interval: fc.Arbitrary<Operation> = fc
  .record({
    ids: fc.array(run_id, { maxLength: 3 }),
    key,
    from: sometimes(step),
    to: sometimes(step),
    size: sometimes(maxResults(2_500)),
  })
  .map(({ ids, key: metric_key, from, to, size }) => {
    const rest = Object.entries(given({ start_step: from, end_step: to, max_results: size }));
    return {
      call: 'GET metrics/get-history-bulk-interval',
      query: [...ids.map((id) => ['run_ids', id] as const), ['metric_key', metric_key], ...rest] as Operation['query'] &
        object,
    };
  });

export const logOperations = fc.oneof(
  { arbitrary: logMetric, weight: 5 },
  { arbitrary: logParam, weight: 4 },
  { arbitrary: logBatch, weight: 6 },
  { arbitrary: logInputs, weight: 3 },
  { arbitrary: logOutputs, weight: 1 },
  { arbitrary: logModel, weight: 1 },
  { arbitrary: history, weight: 3 },
  { arbitrary: bulk, weight: 1 },
  { arbitrary: interval, weight: 2 },
);
