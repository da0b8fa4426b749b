import fc from 'fast-check';
import { ref, type Id, type Operation, type Text, type Value } from '../programme.ts';
import { given, idOf, key, maxResults, mostly, sometimes, tag, text } from './values.ts';

/** It goes into paths: these would make another path. */
const model_id = idOf('model').filter((id) => id !== '' && id !== '../x');
const status = mostly(
  8,
  fc.constantFrom('LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'),
  fc.constantFrom<Value>('READY', 2, ''),
);
const name = mostly(
  8,
  fc.constantFrom('tree', 'line 2', 'größe'),
  fc.constantFrom('', 'a/b', 'a:b', 'a.b', 'a%', 'n'.repeat(250), 'n'.repeat(500)),
);
const params = fc.array(fc.record({ key, value: text }), { maxLength: 3 });
const modelTags = fc.array(tag, { maxLength: 3 });

const behind = (id: Id, ...rest: string[]): Text => ({ $text: ['logged-models/', id, ...rest] });

const create: fc.Arbitrary<Operation> = fc
  .record({
    experiment_id: idOf('experiment'),
    name: sometimes(name, 4),
    model_type: sometimes(fc.constantFrom('agent', '', 'ä')),
    source_run_id: sometimes(idOf('run')),
    params: sometimes(params),
    tags: sometimes(modelTags),
  })
  .map((body) => ({ call: 'POST logged-models', body: given(body), makes: 'model' }));

const get: fc.Arbitrary<Operation> = model_id.map((id) => ({ call: 'GET logged-models/ID', path: behind(id) }));

const finalize: fc.Arbitrary<Operation> = fc
  .tuple(model_id, status)
  .map(([id, state]) => ({ call: 'PATCH logged-models/ID', path: behind(id), body: { model_id: id, status: state } }));

const remove: fc.Arbitrary<Operation> = model_id.map((id) => ({
  call: 'DELETE logged-models/ID',
  path: behind(id),
  body: { model_id: id },
}));

const setTags: fc.Arbitrary<Operation> = fc
  .tuple(model_id, modelTags)
  .map(([id, tags]) => ({ call: 'PATCH logged-models/ID/tags', path: behind(id, '/tags'), body: { tags } }));

const deleteTag: fc.Arbitrary<Operation> = fc
  .tuple(model_id, fc.constantFrom('loss', 'accuracy', 'a.b-c_d', 'Loss', 'none'))
  .map(([id, name_]) => ({
    call: 'DELETE logged-models/ID/tags/KEY',
    path: behind(id, '/tags/', name_),
    body: { model_id: id, tag_key: name_ },
  }));

const logParams: fc.Arbitrary<Operation> = fc.tuple(model_id, params).map(([id, list]) => ({
  call: 'POST logged-models/ID/params',
  path: behind(id, '/params'),
  body: { model_id: id, params: list },
}));

const files: fc.Arbitrary<Operation> = model_id.map((id) => ({
  call: 'GET logged-models/ID/artifacts/directories',
  path: behind(id, '/artifacts/directories'),
}));

const search: fc.Arbitrary<Operation> = fc
  .record({
    experiment_ids: fc.array(idOf('experiment'), { maxLength: 2 }),
    max_results: sometimes(maxResults(1_000)),
    filter: sometimes(
      fc.constantFrom(
        "name = 'tree'",
        "params.loss = '1'",
        "tags.loss = 'tree'",
        'metrics.loss > 0',
        "status = 'READY'",
      ),
    ),
  })
  .map((body) => ({ call: 'POST logged-models/search', body: given(body), pages: 'models' }));

export const loggedModelOperations = fc.oneof(
  { arbitrary: create, weight: 5 },
  { arbitrary: get, weight: 2 },
  { arbitrary: finalize, weight: 2 },
  { arbitrary: remove, weight: 1 },
  { arbitrary: setTags, weight: 2 },
  { arbitrary: deleteTag, weight: 2 },
  { arbitrary: logParams, weight: 2 },
  { arbitrary: files, weight: 1 },
  { arbitrary: search, weight: 2 },
);

export const newLoggedModel: Operation = {
  call: 'POST logged-models',
  body: { experiment_id: ref('experiment', 0), name: 'first', source_run_id: ref('run', 0) },
  makes: 'model',
};
