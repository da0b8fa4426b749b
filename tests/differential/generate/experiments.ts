import fc from 'fast-check';
import type { Operation } from '../programme.ts';
import { given, idOf, key, maxResults, mostly, ownName, sometimes, tag, tags, viewType } from './values.ts';

const experiment_id = idOf('experiment');

const create: fc.Arbitrary<Operation> = fc
  .record({
    name: mostly(12, ownName, fc.constantFrom('', 'n'.repeat(501), 'Default')),
    tags: sometimes(tags(3)),
    artifact_location: sometimes(fc.constantFrom('', 'ftp://elsewhere/x?y', 'mlflow-artifacts:/a#b'), 8),
  })
  .map((body) => ({ call: 'POST experiments/create', body: given(body), makes: 'experiment' }));

const get: fc.Arbitrary<Operation> = experiment_id.map((id) => ({
  call: 'GET experiments/get',
  query: [['experiment_id', id]],
}));

const getByName: fc.Arbitrary<Operation> = mostly(10, ownName, fc.constantFrom('', 'no such name')).map((name) => ({
  call: 'GET experiments/get-by-name',
  query: [['experiment_name', name]],
}));

const remove: fc.Arbitrary<Operation> = experiment_id.map((id) => ({
  call: 'POST experiments/delete',
  body: { experiment_id: id },
}));

const restore: fc.Arbitrary<Operation> = experiment_id.map((id) => ({
  call: 'POST experiments/restore',
  body: { experiment_id: id },
}));

const rename: fc.Arbitrary<Operation> = fc
  .record({ experiment_id, new_name: mostly(10, ownName, fc.constantFrom('', 'n'.repeat(501))) })
  .map((body) => ({ call: 'POST experiments/update', body }));

const setTag: fc.Arbitrary<Operation> = fc
  .record({ experiment_id, tag })
  .map(({ tag: { key: name, value }, ...body }) => ({
    call: 'POST experiments/set-experiment-tag',
    body: { ...body, key: name, value },
  }));

const deleteTag: fc.Arbitrary<Operation> = fc
  .record({ experiment_id, key })
  .map((body) => ({ call: 'POST experiments/delete-experiment-tag', body }));

/** Names of this programme only: other programmes have left experiments of theirs. */
const search: fc.Arbitrary<Operation> = fc
  .record({
    view_type: sometimes(viewType),
    max_results: sometimes(maxResults(50_000), 12),
    order_by: sometimes(fc.constant(['name ASC'])),
  })
  .map((body) => ({
    call: 'POST experiments/search',
    body: { ...given(body), filter: { $text: ["name LIKE '", { $name: '' }, "%'"] } },
    pages: 'experiments',
  }));

const searchDatasets: fc.Arbitrary<Operation> = fc.array(experiment_id, { maxLength: 3 }).map((experiment_ids) => ({
  call: 'POST experiments/search-datasets',
  at: '/ajax-api/2.0/mlflow/',
  body: { experiment_ids },
}));

export const experimentOperations = fc.oneof(
  { arbitrary: create, weight: 6 },
  { arbitrary: get, weight: 2 },
  { arbitrary: getByName, weight: 2 },
  { arbitrary: remove, weight: 1 },
  { arbitrary: restore, weight: 2 },
  { arbitrary: rename, weight: 2 },
  { arbitrary: setTag, weight: 3 },
  { arbitrary: deleteTag, weight: 2 },
  { arbitrary: search, weight: 2 },
  { arbitrary: searchDatasets, weight: 1 },
);

/** What a programme starts with, so that most of its references have something behind them. */
export const newExperiment: Operation = {
  call: 'POST experiments/create',
  body: { name: { $name: 'first' } },
  makes: 'experiment',
};
