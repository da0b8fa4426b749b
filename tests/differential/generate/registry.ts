import fc from 'fast-check';
import type { Operation, Value } from '../programme.ts';
import { given, idOf, mostly, ownName, sometimes, tag, tags, text } from './values.ts';

const name = mostly(
  15,
  ownName,
  fc.constantFrom<Value>('', { $name: 'no such' }, { $name: 'with/slash' }, { $name: 'with:colon' }),
);
const version = mostly(
  10,
  fc.constantFrom('1', '2', '3'),
  fc.constantFrom<Value>('0', '99', '-1', 'one', '', 1, '1.0'),
);
const alias = mostly(
  8,
  fc.constantFrom('champion', 'Champion', 'b-2_x'),
  fc.constantFrom('', 'latest', 'v1', 'V2', 'a b', 'ä', 'a'.repeat(256)),
);
const stage = mostly(
  10,
  fc.constantFrom('None', 'Staging', 'Production', 'Archived', 'staging'),
  fc.constantFrom('', 'bogus'),
);

const create: fc.Arbitrary<Operation> = fc
  .record({ name, description: sometimes(text, 3), tags: sometimes(tags(2)) })
  .map((body) => ({ call: 'POST registered-models/create', body: given(body) }));
const get: fc.Arbitrary<Operation> = name.map((value) => ({
  call: 'GET registered-models/get',
  query: [['name', value]],
}));
const update: fc.Arbitrary<Operation> = fc
  .record({ name, description: sometimes(text, 4) })
  .map((body) => ({ call: 'PATCH registered-models/update', body: given(body) }));
const rename: fc.Arbitrary<Operation> = fc
  .record({ name, new_name: name })
  .map((body) => ({ call: 'POST registered-models/rename', body }));
const remove: fc.Arbitrary<Operation> = name.map((value) => ({
  call: 'DELETE registered-models/delete',
  body: { name: value },
}));
const setModelTag: fc.Arbitrary<Operation> = fc
  .record({ name, tag })
  .map(({ tag: pair, ...body }) => ({ call: 'POST registered-models/set-tag', body: { ...body, ...pair } }));
const deleteModelTag: fc.Arbitrary<Operation> = fc
  .record({ name, tag })
  .map(({ tag: pair, ...body }) => ({ call: 'DELETE registered-models/delete-tag', body: { ...body, key: pair.key } }));

const runSource = idOf('run').map((id) => ({ source: { $text: ['runs:/', id, '/model'] } as Value, run_id: id }));
const createVersion: fc.Arbitrary<Operation> = fc
  .record({
    name,
    from: mostly(
      8,
      runSource,
      fc.constantFrom<{ source: Value; run_id?: Value }>(
        { source: 's3://bucket/x' },
        { source: '/etc/passwd' },
        { source: '' },
      ),
    ),
    description: sometimes(text),
    tags: sometimes(tags(2)),
    run_link: sometimes(fc.constant('https://example.org/run')),
  })
  .map(({ from, ...body }) => ({
    call: 'POST model-versions/create',
    body: given({ ...body, ...from }) as Operation['body'] & object,
  }));

const versionQuery = (call: string): fc.Arbitrary<Operation> =>
  fc.tuple(name, version).map(([model, number]) => ({
    call,
    query: [
      ['name', model],
      ['version', number],
    ],
  }));
const updateVersion: fc.Arbitrary<Operation> = fc
  .record({ name, version, description: sometimes(text, 4) })
  .map((body) => ({ call: 'PATCH model-versions/update', body: given(body) }));
const removeVersion: fc.Arbitrary<Operation> = fc
  .record({ name, version })
  .map((body) => ({ call: 'DELETE model-versions/delete', body }));
const setVersionTag: fc.Arbitrary<Operation> = fc
  .record({ name, version, tag })
  .map(({ tag: pair, ...body }) => ({ call: 'POST model-versions/set-tag', body: { ...body, ...pair } }));
const deleteVersionTag: fc.Arbitrary<Operation> = fc
  .record({ name, version, tag })
  .map(({ tag: pair, ...body }) => ({ call: 'DELETE model-versions/delete-tag', body: { ...body, key: pair.key } }));
const transition: fc.Arbitrary<Operation> = fc
  .record({ name, version, stage, archive_existing_versions: sometimes(fc.boolean(), 4) })
  .map((body) => ({ call: 'POST model-versions/transition-stage', body: given(body) }));

const setAlias: fc.Arbitrary<Operation> = fc
  .record({ name, alias, version })
  .map((body) => ({ call: 'POST registered-models/alias', body }));
const getByAlias: fc.Arbitrary<Operation> = fc.tuple(name, alias).map(([model, word]) => ({
  call: 'GET registered-models/alias',
  query: [
    ['name', model],
    ['alias', word],
  ],
}));
const removeAlias: fc.Arbitrary<Operation> = fc
  .record({ name, alias })
  .map((body) => ({ call: 'DELETE registered-models/alias', body }));
const latest: fc.Arbitrary<Operation> = fc
  .record({ name, stages: sometimes(fc.array(stage, { maxLength: 2 })) })
  .map((body) => ({ call: 'POST registered-models/get-latest-versions', body: given(body) }));

export const registryOperations = fc.oneof(
  { arbitrary: create, weight: 5 },
  { arbitrary: get, weight: 2 },
  { arbitrary: update, weight: 1 },
  { arbitrary: rename, weight: 1 },
  { arbitrary: remove, weight: 1 },
  { arbitrary: setModelTag, weight: 2 },
  { arbitrary: deleteModelTag, weight: 1 },
  { arbitrary: createVersion, weight: 6 },
  { arbitrary: versionQuery('GET model-versions/get'), weight: 2 },
  { arbitrary: versionQuery('GET model-versions/get-download-uri'), weight: 1 },
  { arbitrary: updateVersion, weight: 1 },
  { arbitrary: removeVersion, weight: 1 },
  { arbitrary: setVersionTag, weight: 1 },
  { arbitrary: deleteVersionTag, weight: 1 },
  { arbitrary: transition, weight: 2 },
  { arbitrary: setAlias, weight: 3 },
  { arbitrary: getByAlias, weight: 1 },
  { arbitrary: removeAlias, weight: 1 },
  { arbitrary: latest, weight: 1 },
);

export const newRegisteredModel: Operation = { call: 'POST registered-models/create', body: { name: { $name: 'a' } } };
