import { expect, test } from 'vitest';
import type { DataColumn } from '#ports/analytics';
import type { TensorDatatype } from '#ports/model-runtime';
import { untypedColumns, withValues } from './untyped-columns.ts';

const text = (name: string): DataColumn => ({ name, type: 'text', storageType: 'VARCHAR' });
const json = (name: string): DataColumn => ({ name, type: 'other', storageType: 'JSON' });
const number = (name: string): DataColumn => ({ name, type: 'number', storageType: 'DOUBLE' });

function read(datatype: TensorDatatype, cells: readonly string[], columns = [text('a')], hasTypes = false): unknown {
  const specs = [{ name: 'x', datatype, shape: [-1] }];
  const untyped = untypedColumns(specs, new Map([['x', ['a']]]), columns, hasTypes);
  return withValues({ a: cells }, untyped)['a'];
}

test('texts are read as what the model takes, or stay what is refused', () => {
  expect(read('FP32', ['1', ' -2.5', '.5e3', '1.', 'two', '1,5', '', '0x1'])).toEqual([
    1,
    -2.5,
    500,
    1,
    'two',
    '1,5',
    '',
    '0x1',
  ]);
  expect(read('BOOL', ['true', 'FALSE', '1', 'yes'])).toEqual([true, false, '1', 'yes']);
  expect(read('INT64', ['7', '9007199254740993', '-9007199254740993', '1.5'])).toEqual([
    7,
    '9007199254740993',
    '-9007199254740993',
    1.5,
  ]);
});

test('texts stay texts for a model that takes them, and where somebody gave them their type', () => {
  expect(read('BYTES', ['007'])).toEqual(['007']);
  expect(read('FP32', ['7'], [text('a')], true)).toEqual(['7']);
  expect(read('FP32', ['7'], [number('a')])).toEqual(['7']);
  const specs = [
    { name: 'x', datatype: 'FP32', shape: [-1] },
    { name: 'y', datatype: 'BYTES', shape: [-1] },
  ] as const;
  const both = new Map([
    ['x', ['a']],
    ['y', ['a']],
  ]);
  expect(withValues({ a: ['7'] }, untypedColumns(specs, both, [text('a')], false))).toEqual({ a: ['7'] });
});

test('JSON is read as that, whatever takes it', () => {
  for (const hasTypes of [true, false]) {
    expect(read('FP32', ['1', '"two"', '"3"', 'null', '[1,2]'], [json('a')], hasTypes)).toEqual([
      1,
      'two',
      '3',
      null,
      [1, 2],
    ]);
    expect(read('BYTES', ['"two"'], [json('a')], hasTypes)).toEqual(['two']);
  }
});
