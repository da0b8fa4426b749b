import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { readLock, resultKey, resultValue, type LockedStage } from '../index.ts';
import { entryValue } from './lock-entry.ts';
import { pythonJson } from '../text/python-json.ts';
import { readJson, type Values } from '../text/value-files.ts';

const vectors = readJson(readFileSync(new URL('../golden/vectors.json', import.meta.url), 'utf8'), 'vectors') as Values;
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const stage = (command: string, md5 = MD5): LockedStage => ({
  command,
  inputs: [],
  params: new Map(),
  outputs: [{ path: 'o', md5, sizeBytes: 1 }],
});

describe('dvc.lock', () => {
  it('that dvc wrote is read and written as the same', () => {
    const written = (vectors.get('project') as Values).get('lock') as Values;
    const text = `schema: '2.0'\nstages: ${pythonJson(written)}\n`;
    const lock = readLock(text, 'dvc.lock');
    for (const each of [lock, readLock(lock.text(), 'dvc.lock')]) {
      const values = [...each.stages].map(([name, entry]): [ParamKey, ParamValue] => [name, entryValue(entry)]);
      expect(pythonJson(new Map(values))).toBe(pythonJson(written));
    }
  });

  it.each((vectors.get('resultKeys') as readonly Values[]).map((each) => [each.get('key'), each] as const))(
    'has the place in the run cache that dvc takes: %s',
    (key, given) => {
      const entry = (given.get('entry') as string).replaceAll(/^/gm, '    ');
      const read = readLock(`schema: '2.0'\nstages:\n  s:\n${entry}\n`, 'dvc.lock').stages.get('s') as LockedStage;
      expect(resultKey(read)).toBe(key);
      expect(resultValue(read)).toBe(given.get('value'));
    },
  );

  it('keeps what it does not know in stages that have not changed, and what stands beside them', () => {
    const text =
      `schema: '2.0'\ndatasets:\n- name: d\nstages:\n  cloud:\n    cmd: x\n    deps:\n    - path: s3://b/x\n      hash: md5\n      etag: E1\n      size: 3\n` +
      `    outs:\n    - path: o\n      hash: md5\n      files:\n      - relpath: a\n        md5: ${MD5}\n  'odd: name':\n    cmd: "two\\nlines"\n`;
    const lock = readLock(text, 'dvc.lock');
    expect(lock.stages.get('cloud')?.inputs).toEqual([{ path: 's3://b/x', etag: 'E1', sizeBytes: 3 }]);
    expect(lock.text()).toBe(text);
    const changed = lock.with(new Map([['new', stage('y')]]));
    expect(changed.text()).toBe(
      `${text}  new:\n    cmd: y\n    outs:\n    - path: o\n      hash: md5\n      md5: ${MD5}\n      size: 1\n`,
    );
    expect(lock.text()).toBe(text);
    expect(changed.with(new Map([['new', undefined]])).text()).toBe(text);
  });

  it('has new entries in the order that is given, whichever came first, and the others where they were', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const shuffled = fc.shuffledSubarray(names, { minLength: names.length });
    fc.assert(
      fc.property(fc.shuffledSubarray(names), shuffled, shuffled, (there, first, second) => {
        const before = readLock(undefined, 'dvc.lock').with(new Map(there.map((name) => [name, stage(name)])));
        const [one, other] = [first, second].map((order) => {
          const all = order.reduce((lock, name) => lock.with(new Map([[name, stage(name)]]), names), before);
          return [...all.stages.keys()];
        });
        expect(one).toEqual(other);
        expect(one?.filter((name) => there.includes(name))).toEqual(there);
        if (there.length === 0) expect(one).toEqual(names);
      }),
    );
  });

  it('keeps entries of DVC 2 what they are', () => {
    const text = `schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - path: o\n      md5: ${MD5}\n      size: 1\n`;
    const entry = readLock(text, 'dvc.lock').stages.get('a') as LockedStage;
    expect(entry.outputs[0]?.scheme).toBe('md5-dos2unix');
    expect(
      readLock(undefined, 'dvc.lock')
        .with(new Map([['a', entry]]))
        .text(),
    ).toBe(text);
  });

  it('that is not there has no stages', () => {
    const lock = readLock(undefined, 'dvc.lock');
    expect([...lock.stages]).toEqual([]);
    expect(lock.text()).toBe(`schema: '2.0'\nstages: {}\n`);
    expect(readLock(lock.text(), 'dvc.lock').text()).toBe(lock.text());
  });

  it.each([
    ['schema: "1.0"\n', /^sub\/dvc\.lock is not of schema 2\.0/],
    ['a: {cmd: x}\n', /^sub\/dvc\.lock is not of schema 2\.0/],
    [`schema: '2.0'\nstages: [a]\n`, /^sub\/dvc\.lock:2:1: 'stages' must be a map/],
    [`schema: '2.0'\nstages:\n  a: {}\n`, /^sub\/dvc\.lock:3:3: 'cmd' must be text/],
    [
      `schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - path: o\n      md5: ../../x\n`,
      /^sub\/dvc\.lock:7:7: '\.\.\/\.\.\/x' is no MD5/,
    ],
    [`schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - md5: ${MD5}\n`, /^sub\/dvc\.lock:6:7: /],
    ['<<<<<<< HEAD\nschema: x\n', /^sub\/dvc\.lock:\d+:\d+: /],
  ])('is refused with its place: %j', (text, message) => {
    expect(() => readLock(text, 'sub/dvc.lock')).toThrow(message);
  });

  it('reads back what was written, whatever the names and values', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    const value = fc.oneof(text, fc.bigInt(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
    const params = fc
      .array(fc.tuple(text, value), { maxLength: 3 })
      .map((pairs) => new Map<ParamKey, ParamValue>(pairs));
    fc.assert(
      fc.property(text, text, text, params, (name, command, path, values) => {
        const entry = { ...stage(command), params: new Map([[path, values]]) };
        const lock = readLock(undefined, 'dvc.lock').with(new Map([[name, entry]]));
        const read = readLock(lock.text(), 'dvc.lock').stages.get(name) as LockedStage;
        expect(pythonJson(entryValue(read))).toBe(pythonJson(entryValue(entry)));
      }),
    );
  });
});
