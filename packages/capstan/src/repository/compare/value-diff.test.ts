import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ParamValue } from '#kernel/pipeline-definition';
import { readValuesText } from '#protocols/dvc';
import { diffValues, flattenValues, type ValueChange } from './value-diff.ts';
import { valuesJson } from './values-json.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../protocols/dvc/golden/value-diffs.json', import.meta.url), 'utf8'),
) as {
  readonly diffs: readonly { old: string; new: string; all: boolean; diff: string }[];
  /** Null: dvc cannot read it. */
  readonly json: readonly { text: string; json: string | null }[];
};

const read = (text: string): ParamValue => readValuesText(text, 'f.json', '.json');

/** Every figure by its kind: `1` and `1.0` are different texts. */
function told(value: unknown): string {
  const sorted = (member: unknown): unknown => {
    if (!(member instanceof Map)) return member;
    return new Map(
      [...(member as Map<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]),
    );
  };
  return valuesJson(sorted(value));
}

describe('differences of values are those that dvc finds', () => {
  test.each(vectors.diffs)('$old → $new ($all)', ({ old, new: now, all, diff }) => {
    const found = diffValues(read(old), read(now), all);
    const asMaps = new Map([...found].map(([name, change]) => [name, new Map(Object.entries(change))]));
    expect(told(asMaps)).toBe(told(read(diff)));
  });
});

describe('JSON is read as dvc reads it', () => {
  test.each(vectors.json)('$text', ({ text, json }) => {
    if (json === null) expect(() => read(text)).toThrow(/^f\.json is not JSON: /);
    else expect(told(read(text))).toBe(told(read(json)));
  });

  test('words that are no JSON become the figures they mean', () => {
    expect(read('{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN"}')).toEqual(
      new Map<string, unknown>([
        ['a', Number.NaN],
        ['b', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
        ['c', 'NaN'],
      ]),
    );
  });
});

describe('what dvc does otherwise', () => {
  test('a figure that is none is equal to itself', () => {
    const nan = new Map([['loss', Number.NaN]]);
    expect(diffValues(nan, nan, false).size).toBe(0);
    expect(diffValues(nan, new Map([['loss', 0.5]]), false).get('loss')).toEqual<ValueChange>({
      old: Number.NaN,
      new: 0.5,
      diff: Number.NaN,
    });
    expect(valuesJson({ a: Number.NaN, b: Number.NEGATIVE_INFINITY })).toBe('{"a":"NaN","b":"-Infinity"}');
  });
});

test('a file that is not there has no values, a lone value has no name', () => {
  expect(diffValues(undefined, new Map([['a', 1n]]), false)).toEqual(new Map([['a', { old: null, new: 1n }]]));
  expect(flattenValues(0.5)).toEqual(new Map([['', 0.5]]));
});
