import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { DomainError } from '../errors.ts';
import { comparisonsOf, type Comparison, type Filter } from './ast.ts';
import { Cursor } from './cursor.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import { parseFilter } from './parse-filter.ts';
import { parseOrder } from './parse-order.ts';
import { printFilter } from './print-filter.ts';

function errorOf(source: string): DomainError {
  try {
    parseFilter(source);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error(`'${source}' was taken`);
}

/** Without places, which tell how it was written. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, held: unknown) => (key === 'place' ? undefined : held)));
}

function only(source: string): Comparison | undefined {
  return comparisonsOf(parseFilter(source))[0];
}

/** The structure alone: keys, AND, OR, NOT and brackets. */
function shape(filter: Filter): string {
  if (filter.kind === 'comparison') return filter.path.key;
  if (filter.kind === 'not') return `!${shape(filter.part)}`;
  return `(${filter.parts.map(shape).join(filter.kind === 'and' ? '&' : '|')})`;
}

describe('parseFilter', () => {
  test('reads clauses joined by AND in any case', () => {
    expect(parseFilter(`metrics.acc > 0.9 and params."model type" = 'xgb' AND status != "FAILED"`)).toMatchObject({
      kind: 'and',
      parts: [
        { path: { entity: 'metrics', key: 'acc' }, operator: '>', value: { kind: 'number', text: '0.9' } },
        { path: { entity: 'params', key: 'model type' }, operator: '=', value: { kind: 'string', text: 'xgb' } },
        { path: { entity: undefined, key: 'status' }, operator: '!=', value: { kind: 'string', text: 'FAILED' } },
      ],
    });
  });

  test.each([
    ['a = 1', 'a'],
    ['a = 1 OR b = 1 AND c = 1', '(a|(b&c))'],
    ['(a = 1 or b = 1) and c = 1', '((a|b)&c)'],
    ['not a = 1 and b = 1', '(!a&b)'],
    ['NOT (a = 1 AND NOT b = 1)', '!(a&!b)'],
    ['((a = 1))', 'a'],
    ['a = 1 AND (b = 1 AND c = 1)', '(a&(b&c))'],
    ['a BETWEEN 1 AND 2 AND b = 1', '(a&b)'],
    ["(a IN ('x') OR b NOT IN ('y'))", '(a|b)'],
    ['', '()'],
    [' \n', '()'],
  ])('groups %s', (source, expected) => {
    expect(shape(parseFilter(source))).toBe(expected);
  });

  test.each([
    ["tags.`mlflow.user` = 'a'", { entity: 'tags', key: 'mlflow.user' }],
    ["`tags`.`a.b` = 'a'", { entity: 'tags', key: 'a.b' }],
    ['"tags"."a.b" = \'a\'', { entity: 'tags', key: 'a.b' }],
    ["tags.mlflow.user = 'a'", { entity: 'tags', key: 'mlflow.user' }],
    ["params.train/lr-max = 'a'", { entity: 'params', key: 'train/lr-max' }],
    ['Attribute."Run Name" = \'a\'', { entity: 'attribute', key: 'Run Name' }],
  ])('reads the key of %s', (source, path) => {
    expect(only(source)?.path).toMatchObject(path);
  });

  test.each([
    ["a.b = 'it''s'", { kind: 'string', text: "it's" }],
    ['a.b>-1.5e-3', { kind: 'number', text: '-1.5e-3' }],
    ['a.b = .5', { kind: 'number', text: '.5' }],
    ['a.b = 0x10', { kind: 'word', text: '0x10' }],
    ['a.b = 1e999', { kind: 'word', text: '1e999' }],
    ['a.b = high', { kind: 'word', text: 'high' }],
    ['a.b IN (\'x\', "y",)', { kind: 'list', items: ['x', 'y'] }],
    ["a.b not in ('x')", { kind: 'list', items: ['x'] }],
    ['a.b between 1 and -2.5', { kind: 'range', low: '1', high: '-2.5' }],
    ['a.b is null', { kind: 'none' }],
    ['a.b IS NOT NULL', { kind: 'none' }],
    ["a.b LIKE '%x_'", { kind: 'string', text: '%x_' }],
    ["a.b RLIKE '^x'", { kind: 'string', text: '^x' }],
  ])('reads the value of %s', (source, value) => {
    expect(only(source)?.value).toMatchObject(value);
  });

  test.each([
    ["a.b = 'x' ADN a.c = 'y'", 10, 3, 'AND'],
    ["a.b = 'x' && a.c = 'y'", 10, 2, 'AND'],
    ["a.b = 'x' || a.c = 'y'", 10, 2, 'OR'],
    ["a.b = 'x', a.c = 'y'", 9, 1, undefined],
    ['a.b > AND', 6, 3, undefined],
    ['metrics.acc >', 13, 1, undefined],
    ["(a.b = 'x'", 10, 1, undefined],
    ["a.b = 'x')", 9, 1, undefined],
    ["a.b = 'x' AND", 13, 1, undefined],
    ["a.b = 'x", 6, 2, undefined],
    ['a.b ! 1', 4, 1, '!='],
    ['a.b == 1', 4, 2, '='],
    ['a.b <> 1', 4, 2, '!='],
    ['a.b => 1', 4, 2, '>='],
    ["a.b LIKEE 'x'", 4, 5, 'LIKE'],
    ['a.b IN (1)', 8, 1, "'1'"],
    ["a.b IN ('x'", 11, 1, undefined],
    ["a.b BETWEEN '1' AND 2", 12, 3, '1'],
    ['a.b BETWEEN 1, 2', 13, 1, undefined],
    ['a. = 1', 0, 2, undefined],
    ['"" = 1', 0, 2, undefined],
    ['NOT', 3, 1, undefined],
  ])('refuses %s and says where', (source, position, length, suggestion) => {
    const error = errorOf(source);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toMatch(/^Invalid clause\(s\) in filter string: '/);
    expect(error.details).toEqual({ position, length, ...(suggestion !== undefined && { suggestion }) });
  });

  test('shows the place under the source, and what was probably meant', () => {
    expect(errorOf("metric.acc > 0.9 ADN params.p = 'x'").message).toBe(
      [
        "Invalid clause(s) in filter string: 'ADN' at position 17: clauses are joined by AND or OR. Did you mean AND?",
        "  metric.acc > 0.9 ADN params.p = 'x'",
        `  ${' '.repeat(17)}^^^`,
      ].join('\n'),
    );
    const long = `${"tags.a = '\u001b[31m' AND ".repeat(20)}x`;
    const [, shown = '', carets = ''] = errorOf(long).message.split('\n');
    expect(shown).not.toContain('\u001b');
    expect(shown.length).toBeLessThan(110);
    expect(carets.indexOf('^')).toBe(shown.length);
  });

  test('is bounded in length, clauses and depth', () => {
    expect(errorOf(`a.b = '${'x'.repeat(9_000)}'`).message).toContain('longer than');
    expect(errorOf(`a.b = '${'x'.repeat(9_000)}'`).message.length).toBeLessThan(500);
    expect(errorOf(Array.from({ length: 51 }, () => 'a = 1').join(' AND ')).message).toContain('more than 50 clauses');
    expect(errorOf(`${'('.repeat(4_000)}a = 1`).message).toContain('deep');
    expect(errorOf('NOT '.repeat(2_000)).message).toContain('deep');
  });

  const fragments = fc.constantFrom(
    ...`( ) AND or NOT ' " \` . , = <> >= ! 1 -1e5 IN IS NULL BETWEEN metrics tags.a 'x' % é 💥 LIKE`.split(' '),
    ' ',
    '\n',
  );

  test('any text is parsed or refused with a DomainError', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200, unit: 'grapheme' }),
      fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join(' ')),
      fc.array(fragments, { maxLength: 60 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (source) => {
        try {
          parseFilter(source);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          const { position, length } = (error as DomainError).details as { position: number; length: number };
          expect(position).toBeGreaterThanOrEqual(0);
          expect(position + length).toBeLessThanOrEqual(source.length + 1);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('8 kB of anything cost a few looks at each sign', () => {
    const garbage = fc.oneof(
      fragments.map((part) => part.repeat(8_192)),
      fc.tuple(fragments, fragments).map(([one, two]) => `${one} ${two} `.repeat(4_000)),
      fc.array(fragments, { minLength: 8_000, maxLength: 8_000 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(garbage, (long) => {
        const source = long.slice(0, 8_192);
        const looks = vi.spyOn(String.prototype, 'charAt');
        const takes = vi.spyOn(Cursor.prototype, 'take');
        const words = vi.spyOn(Cursor.prototype, 'takeWord');
        try {
          parseFilter(source);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
        }
        const steps = looks.mock.calls.length + takes.mock.calls.length + words.mock.calls.length;
        vi.restoreAllMocks();
        expect(steps).toBeLessThan(5 * source.length + 2_000);
      }),
      { numRuns: 60 },
    );
  });

  test('a printed filter is read as the same filter', () => {
    const text = fc.string({ maxLength: 12, unit: 'grapheme' });
    const name = text.filter((key) => key !== '');
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
    const operands: [string, fc.Arbitrary<unknown>][] = [
      ...['=', '!=', 'LIKE', 'ILIKE', 'RLIKE'].map((operator): [string, fc.Arbitrary<unknown>] => [
        operator,
        fc.record({ kind: fc.constant('string'), text }),
      ]),
      ['>', fc.record({ kind: fc.constant('number'), text: number })],
      ['<=', fc.record({ kind: fc.constant('word'), text: fc.constantFrom('high', 'a.b', 'x/y') })],
      ['IN', fc.record({ kind: fc.constant('list'), items: fc.array(text, { minLength: 1, maxLength: 4 }) })],
      ['NOT IN', fc.record({ kind: fc.constant('list'), items: fc.array(text, { minLength: 1, maxLength: 4 }) })],
      ['BETWEEN', fc.record({ kind: fc.constant('range'), low: number, high: number })],
      ['IS NULL', fc.constant({ kind: 'none' })],
      ['IS NOT NULL', fc.constant({ kind: 'none' })],
    ];
    const comparison = fc.constantFrom(...operands).chain(([operator, value]) =>
      fc.record({
        kind: fc.constant('comparison'),
        path: fc.record({ entity: fc.option(fc.constantFrom('tags', 'met ric'), { nil: undefined }), key: name }),
        operator: fc.constant(operator),
        value,
      }),
    );
    const { filter } = fc.letrec((tie) => ({
      filter: fc.oneof({ maxDepth: 3, depthSize: 'small' }, comparison, tie('group'), tie('not')),
      group: fc.record({
        kind: fc.constantFrom('and', 'or'),
        parts: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
      }),
      not: fc.record({ kind: fc.constant('not'), part: tie('filter') }),
    }));
    fc.assert(
      fc.property(filter, (wanted) => {
        expect(bare(parseFilter(printFilter(wanted as Filter)))).toEqual(bare(wanted));
      }),
      { numRuns: 500 },
    );
  });

  test('any text in quotes comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.constantFrom("'", '"'), (text, quote) => {
        const source = `tags.k = ${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
        expect(only(source)?.value).toMatchObject({ kind: 'string', text });
      }),
    );
  });
});

describe('parseOrder', () => {
  test('reads keys and directions', () => {
    expect(parseOrder(['metrics.acc DESC', 'params.`a b` asc', 'start_time'])).toMatchObject([
      { path: { entity: 'metrics', key: 'acc' }, isAscending: false },
      { path: { entity: 'params', key: 'a b' }, isAscending: true },
      { path: { entity: undefined, key: 'start_time' }, isAscending: true },
    ]);
  });

  test.each([[['a DESC LAST']], [['a DSC']], [['']], [Array.from({ length: 11 }, (_, index) => `k${index}`)]])(
    'refuses %j',
    (terms) => {
      expect(() => parseOrder(terms)).toThrow(DomainError);
    },
  );

  test('says where, and what was probably meant', () => {
    expect(() => parseOrder(['metrics.acc DSEC'])).toThrow(
      /^Invalid order_by clause 'DSEC' at position 12: .* Did you mean DESC\?\n {2}metrics.acc DSEC\n {14}\^\^\^\^$/,
    );
  });
});

describe('page tokens', () => {
  test('come back for the same question only', () => {
    const token = writePageToken('q', [1.5, null, 'x']);
    expect(readPageToken(token, 'q', 3)).toEqual([1.5, null, 'x']);
    expect(() => readPageToken(token, 'other', 3)).toThrow('another search');
    expect(() => readPageToken(token, 'q', 2)).toThrow('another search');
    expect(() => readPageToken('%%%', 'q', 3)).toThrow('Invalid page token, could not base64-decode');
  });
});
