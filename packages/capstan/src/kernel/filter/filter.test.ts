import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../errors.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import { parseFilter } from './parse-filter.ts';
import { parseOrder } from './parse-order.ts';

function errorOf(source: string): DomainError {
  try {
    parseFilter(source);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error(`'${source}' was taken`);
}

describe('parseFilter', () => {
  test('reads clauses joined by AND in any case', () => {
    expect(parseFilter(`metrics.acc > 0.9 and params."model type" = 'xgb' AND status != "FAILED"`)).toMatchObject([
      { path: { entity: 'metrics', key: 'acc' }, operator: '>', value: { kind: 'number', text: '0.9' } },
      { path: { entity: 'params', key: 'model type' }, operator: '=', value: { kind: 'string', text: 'xgb' } },
      { path: { entity: undefined, key: 'status' }, operator: '!=', value: { kind: 'string', text: 'FAILED' } },
    ]);
  });

  test.each([
    ["tags.`mlflow.user` = 'a'", { entity: 'tags', key: 'mlflow.user' }],
    ["`tags`.`a.b` = 'a'", { entity: 'tags', key: 'a.b' }],
    ['"tags"."a.b" = \'a\'', { entity: 'tags', key: 'a.b' }],
    ["tags.mlflow.user = 'a'", { entity: 'tags', key: 'mlflow.user' }],
    ["params.train/lr-max = 'a'", { entity: 'params', key: 'train/lr-max' }],
    ['Attribute."Run Name" = \'a\'', { entity: 'attribute', key: 'Run Name' }],
  ])('reads the key of %s', (source, path) => {
    expect(parseFilter(source)[0]?.path).toEqual(path);
  });

  test.each([
    ["a.b = 'it''s'", { kind: 'string', text: "it's" }],
    ['a.b>-1.5e-3', { kind: 'number', text: '-1.5e-3' }],
    ['a.b = .5', { kind: 'number', text: '.5' }],
    ['a.b IN (\'x\', "y")', { kind: 'list', items: ['x', 'y'] }],
    ["a.b not in ('x')", { kind: 'list', items: ['x'] }],
    ['a.b is null', { kind: 'none' }],
    ['a.b IS NOT NULL', { kind: 'none' }],
    ["a.b LIKE '%x_'", { kind: 'string', text: '%x_' }],
  ])('reads the value of %s', (source, value) => {
    expect(parseFilter(source)[0]?.value).toEqual(value);
  });

  test.each([
    ["a.b = 'x' OR a.c = 'y'", 10, 2],
    ['metrics.acc > high', 14, 4],
    ['metrics.acc >', 13, 1],
    ["(a.b = 'x')", 0, 1],
    ["NOT a.b = 'x'", 4, 3],
    ["a.b = 'x' AND", 13, 1],
    ["a.b = 'x", 6, 2],
    ['a.b ! 1', 4, 1],
    ['a.b = 0x10', 6, 4],
    ['a.b = 1e999', 6, 5],
    ['a.b IN (1)', 8, 1],
    ["a.b IN ('x'", 11, 1],
    ['a. = 1', 0, 2],
  ])('refuses %s and says where', (source, position, length) => {
    const error = errorOf(source);
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('Invalid clause(s) in filter string');
    expect(error.details).toEqual({ position, length });
  });

  test('an empty filter has no clauses', () => {
    expect(parseFilter(' \n')).toEqual([]);
  });

  test('is bounded in length and clauses', () => {
    expect(errorOf(`a.b = '${'x'.repeat(9_000)}'`).message).toContain('longer than');
    expect(errorOf(Array.from({ length: 51 }, () => 'a = 1').join(' AND ')).message).toContain('more than 50 clauses');
  });

  test('any text is parsed or refused with a DomainError', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (source) => {
        try {
          parseFilter(source);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }),
    );
  });

  test('any text in quotes comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.constantFrom("'", '"'), (text, quote) => {
        const source = `tags.k = ${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
        expect(parseFilter(source)[0]?.value).toEqual({ kind: 'string', text });
      }),
    );
  });
});

describe('parseOrder', () => {
  test('reads keys and directions', () => {
    expect(parseOrder(['metrics.acc DESC', 'params.`a b` asc', 'start_time'])).toEqual([
      { path: { entity: 'metrics', key: 'acc' }, isAscending: false },
      { path: { entity: 'params', key: 'a b' }, isAscending: true },
      { path: { entity: undefined, key: 'start_time' }, isAscending: true },
    ]);
  });

  test.each([[['a DESC LAST']], [['a', 'a DESC']], [Array.from({ length: 11 }, (_, index) => `k${index}`)]])(
    'refuses %j',
    (terms) => {
      expect(() => parseOrder(terms)).toThrow(DomainError);
    },
  );
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
