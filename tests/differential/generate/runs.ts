import fc from 'fast-check';
import { ref, type Operation, type Value } from '../programme.ts';
import { given, idOf, key, maxResults, mostly, sometimes, tag, tags, timestamp, viewType } from './values.ts';

const run_id = idOf('run');
const status = mostly(
  10,
  fc.constantFrom('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'),
  fc.constantFrom<Value>('BOGUS', 'OWNED', 3, 9, 'finished', ''),
);
const runName = mostly(
  10,
  fc.constantFrom('one', 'two', 'Lauf 3', 'läuft 😀'),
  fc.constantFrom('', ' ', 'n'.repeat(250), 'n'.repeat(251), 'a\nb'),
);

const create: fc.Arbitrary<Operation> = fc
  .record({
    experiment_id: idOf('experiment'),
    start_time: sometimes(timestamp, 6),
    run_name: sometimes(runName),
    user_id: sometimes(fc.constantFrom('ann', 'ä', ''), 2),
    tags: sometimes(tags(3)),
  })
  .map((body) => ({ call: 'POST runs/create', body: given(body), makes: 'run' }));

const get: fc.Arbitrary<Operation> = fc
  .tuple(run_id, fc.constantFrom('run_id', 'run_uuid'))
  .map(([id, field]) => ({ call: 'GET runs/get', query: [[field, id]] }));

const update: fc.Arbitrary<Operation> = fc
  .record({ run_id, status: sometimes(status), end_time: sometimes(timestamp), run_name: sometimes(runName, 3) })
  .map((body) => ({ call: 'POST runs/update', body: given(body) }));

const remove: fc.Arbitrary<Operation> = run_id.map((id) => ({ call: 'POST runs/delete', body: { run_id: id } }));
const restore: fc.Arbitrary<Operation> = run_id.map((id) => ({ call: 'POST runs/restore', body: { run_id: id } }));

const setTag: fc.Arbitrary<Operation> = fc
  .record({
    run_id,
    tag: mostly(
      8,
      tag,
      runName.map((value) => ({ key: 'mlflow.runName', value })),
    ),
  })
  .map(({ tag: { key: name, value }, ...body }) => ({
    call: 'POST runs/set-tag',
    body: { ...body, key: name, value },
  }));

const deleteTag: fc.Arbitrary<Operation> = fc
  .record({ run_id, key: mostly(12, key, fc.constant('mlflow.runName')) })
  .map((body) => ({ call: 'POST runs/delete-tag', body }));

const filters = [
  "params.loss = '1'",
  'metrics.loss > 0.25',
  'metrics.accuracy <= 1 and status = "FINISHED"',
  "tags.loss != 'x'",
  "attributes.run_name LIKE 'L%'",
  'metrics.`train/loss` >= 0',
];
const search: fc.Arbitrary<Operation> = fc
  .record({
    experiment_ids: fc.array(idOf('experiment'), { minLength: 1, maxLength: 2 }),
    run_view_type: sometimes(viewType),
    max_results: sometimes(maxResults(50_000)),
    filter: sometimes(fc.constantFrom('', ...filters)),
  })
  .map((body) => ({ call: 'POST runs/search', body: given(body), pages: 'runs' }));

const list: fc.Arbitrary<Operation> = fc
  .tuple(run_id, sometimes(fc.constantFrom('', 'a', 'a/b', '..', '/etc', 'ä'), 3))
  .map(([id, path]) => ({
    call: 'GET artifacts/list',
    query: [['run_id', id], ...(path === undefined ? [] : [['path', path] as const])],
  }));

export const runOperations = fc.oneof(
  { arbitrary: create, weight: 6 },
  { arbitrary: get, weight: 3 },
  { arbitrary: update, weight: 4 },
  { arbitrary: remove, weight: 1 },
  { arbitrary: restore, weight: 2 },
  { arbitrary: setTag, weight: 3 },
  { arbitrary: deleteTag, weight: 2 },
  { arbitrary: search, weight: 3 },
  { arbitrary: list, weight: 1 },
);

export const newRun: Operation = {
  call: 'POST runs/create',
  body: { experiment_id: ref('experiment', 0), start_time: 1_700_000_000_000, run_name: 'first' },
  makes: 'run',
};
