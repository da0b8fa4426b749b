import { describe, expect, it } from 'vitest';
import { datasetFolder, derivedPlace, placeOf } from './placement.ts';

describe('places of a dataset’s files', () => {
  it.each([
    ['data/flights/*.parquet', 'data/flights', 'data/flights/2013-01.parquet', '2013-01.parquet', 'flights.parquet'],
    ['data/flights/*.parquet', 'data/flights', 'incoming/x/2013-01.parquet', '2013-01.parquet', 'flights.parquet'],
    ['data/**/*.parquet', 'data', 'data/a/b/x.parquet', 'a/b/x.parquet', 'flights.parquet'],
    [
      'data/year=*/part.parquet',
      'data',
      'data/year=2013/part.parquet',
      'year=2013/part.parquet',
      'year=flights/part.parquet',
    ],
    ['data/weather.parquet', 'data', 'data/weather.parquet', 'weather.parquet', 'weather.parquet'],
    ['weather.csv', '', 'weather.csv', 'weather.csv', 'weather.csv'],
    ['*.csv', '', 'x.csv', 'x.csv', 'flights.csv'],
  ])('of %s: below %s, %s lies at %s, a cut at %s', (declared, folder, file, place, derived) => {
    expect(datasetFolder(declared)).toBe(folder);
    expect(placeOf(declared, file)).toBe(place);
    expect(derivedPlace(declared, 'flights')).toBe(derived);
  });

  it('refuses a file that the declared path does not reach', () => {
    for (const [declared, file] of [
      ['data/*.csv', 'data/a/x.csv'],
      ['data/*.csv', 'data/x.parquet'],
      ['data/weather.csv', 'data/planes.csv'],
    ] as const) {
      expect(() => placeOf(declared, file)).toThrow(/is not among the files/);
    }
  });
});
