import { describe, expect, test } from 'vitest';
import { decodeMessage, decodeQuery } from './decode.ts';
import { bool, double, enumOf, int32, int64, list, message, string } from './fields.ts';
import { parseJson } from './parse-json.ts';

const point = message({ key: string, value: double, step: int64 });
const spec = message({
  run_id: string,
  status: enumOf('RUNNING', 'SCHEDULED', 'FINISHED'),
  end_time: int32,
  is_final: bool,
  order_by: list(string),
  points: list(point),
  last: point,
});

describe('decodeMessage', () => {
  test('takes both spellings of names, ignores unknown ones and null, and gives empty lists', () => {
    expect(decodeMessage(spec, { runId: 'a', end_time: null, wat: 1 })).toEqual({
      run_id: 'a',
      order_by: [],
      points: [],
    });
  });

  test('refuses one field in two spellings', () => {
    expect(() => decodeMessage(spec, { runId: 'a', run_id: 'a' })).toThrow("'run_id' is given twice");
  });

  test('reads enums by name and by number, and refuses what is neither', () => {
    expect(decodeMessage(spec, { status: 'FINISHED' }).status).toBe('FINISHED');
    expect(decodeMessage(spec, { status: 3 }).status).toBe('FINISHED');
    for (const status of ['OWNED', 'finished', '', 9, 0, 1.5])
      expect(() => decodeMessage(spec, { status })).toThrow('it must be one of RUNNING, SCHEDULED, FINISHED.');
  });

  test('reads integers as numbers and as text, exactly beyond 2^53', () => {
    expect(decodeMessage(point, { step: '5' }).step).toBe(5);
    expect(decodeMessage(point, { step: -5 }).step).toBe(-5);
    expect(decodeMessage(point, parseJson(Buffer.from('{"step": 9223372036854775807}'))).step).toBe(
      9223372036854775807n,
    );
    expect(() => decodeMessage(point, { step: 1.5 })).toThrow("Invalid value 1.5 for parameter 'step'");
    expect(() => decodeMessage(point, { step: '9223372036854775808' })).toThrow("parameter 'step'");
    expect(() => decodeMessage(spec, { end_time: '9007199254740993' })).toThrow("parameter 'end_time'");
  });

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    ['1e-3', 0.001],
    [7, 7],
    [7n, 7],
  ])('reads the double %s', (given, value) => {
    expect(decodeMessage(point, { value: given }).value).toBe(value);
  });

  test.each([
    ['value', true, 'bool'],
    ['value', 'much', 'str'],
    ['key', 5, 'int'],
    ['key', 5.5, 'float'],
    ['key', ['a'], 'list'],
    ['key', { a: 1 }, 'dict'],
  ])('refuses for %s the value %j, naming its type as Python does', (field, value, type) => {
    expect(() => decodeMessage(point, { [field]: value })).toThrow(`Hint: Value was of type '${type}'`);
  });

  test('says where in lists and messages the wrong value is', () => {
    const thrown = () => decodeMessage(spec, { points: [{ value: 1 }, { value: {} }] });
    expect(thrown).toThrow("'points[1].value'");
    expect(thrown).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'points[1].value' }));
    expect(() => decodeMessage(spec, { last: [] })).toThrow("'last'");
    expect(() => decodeMessage(spec, { points: {} })).toThrow("'points'");
  });

  test('takes only true and false as booleans', () => {
    expect(decodeMessage(spec, { is_final: true }).is_final).toBe(true);
    expect(() => decodeMessage(spec, { is_final: 'true' })).toThrow("'is_final'");
  });

  test('is empty for what is no object', () => {
    expect(decodeMessage(point, [1])).toEqual({});
    expect(decodeMessage(point, undefined)).toEqual({});
  });
});

describe('decodeQuery', () => {
  test('reads repeated keys as lists, numbers from text, booleans in any case', () => {
    const query = new URLSearchParams('order_by=a&order_by=b&end_time=5&is_final=TRUE&run_id=x');
    expect(decodeQuery(spec, query)).toEqual({
      order_by: ['a', 'b'],
      end_time: 5,
      is_final: true,
      run_id: 'x',
      points: [],
    });
    expect(() => decodeQuery(spec, new URLSearchParams('is_final=1'))).toThrow("'is_final'");
  });

  test('knows no __proto__', () => {
    expect(decodeQuery(spec, new URLSearchParams('__proto__=x'))).toEqual({ order_by: [], points: [] });
  });
});

describe('parseJson', () => {
  const parse = (text: string) => parseJson(Buffer.from(text));

  test('reads what is no JSON as nothing, and JSON in a string', () => {
    expect(parse('{"a": ')).toBeUndefined();
    expect(parse('')).toBeUndefined();
    expect(parse('"{\\"a\\": 1}"')).toEqual({ a: 1 });
  });

  test('reads the bare words that Python writes, but not inside texts', () => {
    expect(parse('{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN, Infinity"}')).toEqual({
      a: 'NaN',
      b: ['-Infinity', 'Infinity'],
      c: 'NaN, Infinity',
    });
  });

  test('keeps whole numbers exact and leaves long fractions alone', () => {
    expect(parse('{"a": 9007199254740993, "b": 0.12345678901234567890, "c": "9007199254740993"}')).toEqual({
      a: 9007199254740993n,
      b: 0.12345678901234568,
      c: '9007199254740993',
    });
  });
});
