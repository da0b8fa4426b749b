import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParamValue } from '#kernel/pipeline-definition';
import { pythonJson } from './python-json.ts';
import { readLongYaml, readYaml, writeYaml } from './yaml-text.ts';

const vectors = JSON.parse(readFileSync(new URL('../golden/vectors.json', import.meta.url), 'utf8')) as {
  scalars: { text: string; json: string }[];
};

function read(text: string): ParamValue {
  return (readYaml(text, 'params.yaml').value as ReadonlyMap<string, ParamValue>).get('k') ?? null;
}

describe('reading YAML', () => {
  it.each(vectors.scalars)('reads $text as dvc does', ({ text, json }) => {
    expect(pythonJson(read(`k: ${text}\n`))).toBe(json);
  });

  it('counts an empty file as an empty map', () => {
    for (const text of ['', '# only this\n', '---\n', '~\n']) expect(readYaml(text, 'p.yaml').value).toEqual(new Map());
  });

  it('follows aliases and merges, what is written in the map itself first', () => {
    const value = read('base: &b {x: 1, y: 2}\nk:\n  <<: [*b, {y: 3, z: 4}]\n  x: 9\n');
    expect(value).toEqual(
      new Map([
        ['x', 9n],
        ['y', 2n],
        ['z', 4n],
      ]),
    );
  });

  it('keeps every digit of a whole number, and 1 apart from 1.0', () => {
    expect(read('k: [9007199254740993, 1, 1.0]')).toEqual([9007199254740993n, 1n, 1]);
  });

  it.each([
    ['a: 1\nb: 2024-01-02\n', /^p\.yaml:2:4: 2024-01-02 is a date/],
    ['a: 1\na: 2\n', /^p\.yaml:2:1: the key 'a' is given twice/],
    ['a: [1\n', /^p\.yaml:2:1: /],
    ['a: *nowhere\n', /nowhere/],
    ['? [1]\n: 2\n', /^p\.yaml:1:3: a key must be text/],
    ['<<: 3\n', /<< takes a map/],
  ])('refuses %j by its place', (text, message) => {
    expect(() => readYaml(text, 'p.yaml')).toThrow(message);
  });

  it('refuses aliases that stand for billions of values, and deep nesting', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    expect(() => readYaml(lines.join('\n'), 'p.yaml')).toThrow(/aliases make more than/);
    expect(() => readLongYaml('['.repeat(200) + ']'.repeat(200), 'p.yaml')).toThrow(/nested deeper/);
  });
});

describe('writing YAML', () => {
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'yes',
      '010',
      '1_000',
      '2024-01-02',
      '=',
      '<<',
      '- a',
      'a: b',
      '#',
      '',
      ' ',
      'two  spaces',
      'tab\there',
      '\u2028',
    ),
  );
  const { value: values } = fc.letrec<{ value: ParamValue; list: ParamValue; map: ParamValue }>((tie) => ({
    value: fc.oneof({ weight: 4, arbitrary: scalar as fc.Arbitrary<ParamValue> }, tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    map: fc
      .array(fc.tuple(fc.string({ unit: 'grapheme' }), tie('value')), { maxLength: 4 })
      .map((pairs) => new Map(pairs)),
  }));

  it('writes what it reads back as the same value', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = writeYaml(new Map([['k', value]]));
        expect(pythonJson(read(text))).toBe(pythonJson(value));
      }),
      { numRuns: 500 },
    );
  });

  it('never folds, so that two spaces in a long command stay two', () => {
    const command = `python train.py ${'--option  value '.repeat(20)}`.trim();
    expect(writeYaml(new Map([['cmd', command]]))).toBe(`cmd: ${command}\n`);
  });

  it('writes as dvc does: dashes not indented, floats as Python', () => {
    const value = new Map<string, ParamValue>([
      ['list', ['a', 1n, 1]],
      ['none', null],
      ['small', 1e-5],
    ]);
    expect(writeYaml(value)).toBe('list:\n- a\n- 1\n- 1.0\nnone:\nsmall: 1e-05\n');
  });
});
