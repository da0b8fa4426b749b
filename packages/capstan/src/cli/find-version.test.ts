import { expect, test } from 'vitest';
import { readVersionName } from './find-version.ts';

test('a version is a dataset, or a dataset and a number', () => {
  expect(readVersionName('flights')).toEqual({ dataset: 'flights', number: undefined });
  expect(readVersionName('flights@3')).toEqual({ dataset: 'flights', number: 3 });
  expect(readVersionName('web-shop@v12')).toEqual({ dataset: 'web-shop', number: 12 });
});

test.each(['', '@3', 'flights@', 'flights@0', 'flights@-1', 'flights@latest', 'a b', 'Flights'])(
  '%j names no version',
  (text) => {
    expect(() => readVersionName(text)).toThrow(/names no version/);
  },
);
