import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParamValue } from '#kernel/pipeline-definition';
import { readPlainYaml, writePlainYaml } from './plain-yaml.ts';
import { readLongYaml, writeWhole, writeYaml } from './yaml-text.ts';

/** By the reader of all of YAML: a document mark is nothing that the plain one reads. */
const whole = (text: string): ParamValue => readLongYaml(`---\n${text}`, 'x.yaml').value;

const word = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'key',
    'train@0',
    'params.yaml',
    'true',
    'no',
    '1',
    '1.5',
    '1e3',
    '0x1f',
    '~',
    'null',
    '=',
    '<<',
  ),
  fc.constantFrom(
    '-',
    '--',
    '---',
    '...',
    '-1',
    '- a',
    'a: b',
    'a:b',
    'a #b',
    'a#b',
    "it's",
    "''",
    '""',
    '"',
    "'",
    '2024-01-02',
  ),
  fc.constantFrom(
    '[a, b]',
    '[a,b',
    '[]',
    '{}',
    '[1, true]',
    '[a, ]',
    '[ a ]',
    '{a: 1}',
    '|',
    '>',
    '> x',
    '*a',
    '&a b',
    '!t',
    '%',
    '@',
    '?',
    '? a',
  ),
  fc.constantFrom(
    "'a'",
    "'it''s'",
    '"a b"',
    '"a\\n"',
    "'a' # c",
    'a # c',
    'a  b',
    'a ',
    ':',
    'a:',
    '#',
    '# c',
    '.inf',
    '1_000',
    '010',
    'http://h/x',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 6 }),
);
const line = fc
  .tuple(
    fc.constantFrom('', '', ' ', '  ', '  ', '    ', '      '),
    fc.constantFrom('', '', '- ', '-  ', '- - ', '-'),
    fc.option(fc.tuple(word, fc.constantFrom(':', ': ', ':  ', ' : '))),
    fc.option(word),
  )
  .map(([blanks, dash, key, value]) => `${blanks}${dash}${key?.join('') ?? ''}${value ?? ''}`);

const text = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
const scalar = fc.oneof(
  word,
  text,
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
  fc.double(),
  fc.constantFrom<ParamValue>(null, 'a→b', 'tab\there', 'two\nlines', ''),
);
const { map: values } = fc.letrec<{ value: ParamValue; list: ParamValue; map: ParamValue }>((tie) => ({
  value: fc.oneof({ weight: 5, arbitrary: scalar as fc.Arbitrary<ParamValue> }, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  map: fc.array(fc.tuple(fc.oneof(word, text), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
}));

describe('reading plain YAML', () => {
  it('says nothing, or what the whole reader says', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const written = lines.join('\n');
        const value = readPlainYaml(written);
        if (value === undefined) return;
        read++;
        expect(whole(written)).toEqual(value);
      }),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it('reads what is written, as the whole reader does', () => {
    fc.assert(
      fc.property(values, (value) => {
        const written = writeYaml(value);
        const read = readPlainYaml(written);
        if (read !== undefined) expect(whole(written)).toEqual(read);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads a pipeline, its lock file and its parameters', () => {
    const pipeline = [
      'stages:',
      '  train:  # the model',
      '    cmd: python train.py --rate 0.1 > log.txt',
      '    deps: [data/x.csv, train.py]',
      '    params:',
      '    - lr',
      '    - other.yaml: [a, b]',
      '    outs:',
      '      - model.bin:',
      '          cache: false',
      '',
    ].join('\n');
    const lock = `schema: '2.0'\nstages:\n  train:\n    cmd: a b\n    deps:\n    - path: x\n      size: 3\n`;
    const params = '# of all\nlr: 0.1\nn: 10\nlayers:\n- 1\n- 2\nname: x y\n';
    for (const written of [pipeline, lock, params]) {
      expect(readPlainYaml(written)).toBeDefined();
      expect(readPlainYaml(written)).toEqual(whole(written));
    }
  });

  it.each([
    'a: 1\na: 2\n',
    'a: 2024-01-02\n',
    'a: [1\n',
    'a: *b\n',
    'a\n',
    '- - a\n',
    'a: b\n  c: d\n',
    '1: a\n',
    'a: "\\n"\n',
  ])('leaves %j to the whole reader', (written) => expect(readPlainYaml(written)).toBeUndefined());
});

describe('writing plain YAML', () => {
  it('says nothing, or writes the bytes of the whole writer', () => {
    let written = 0;
    fc.assert(
      fc.property(values, (value) => {
        const plain = writePlainYaml(value);
        if (plain === undefined) return;
        written++;
        expect(plain).toBe(writeWhole(value));
      }),
      { numRuns: 5_000 },
    );
    expect(written).toBeGreaterThan(100);
  });
});
