import { describe, expect, it } from 'vitest';
import { areAlike, chooseFeatures, entityKey, entityValue, onlineValue } from './model.ts';

const views = new Map([
  ['delays', ['mean', 'n']],
  ['planes', ['seats', 'n']],
]);

describe('features that a caller asks for', () => {
  it('come in that order, a view alone standing for all of its features', () => {
    expect(chooseFeatures(['planes:seats', 'delays'], views, false).map(({ name }) => name)).toEqual([
      'seats',
      'mean',
      'n',
    ]);
    expect(chooseFeatures(['delays', 'planes'], views, true).map(({ name }) => name)).toEqual([
      'delays__mean',
      'delays__n',
      'planes__seats',
      'planes__n',
    ]);
  });

  it.each([
    [['delay:mean'], /no feature view 'delay'/, 'features[0]', /Did you mean 'delays'/],
    [['delays:n', 'planes:seat'], /no feature of planes 'seat'/, 'features[1]', /'seats'/],
    [['delays', 'planes'], /'planes:n' and 'delays:n' would both be called n/, 'features[1]', /fullFeatureNames/],
    [['delays:n', 'delays:n'], /both be called n/, 'features[1]', /once/],
  ])('%j is refused', (asked, message, field, hint) => {
    expect(() => chooseFeatures(asked, views, false)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        field,
        message: expect.stringMatching(message) as string,
        hint: expect.stringMatching(hint) as string,
      }),
    );
  });
});

it('an entity is known by its values, a text never taken for a number', () => {
  expect(entityKey(['UA', 1])).not.toBe(entityKey(['UA', '1']));
  const flight = { name: 'flight', type: 'integer', storageType: 'BIGINT' } as const;
  expect(entityValue(1, flight, 'entities.flight[0]')).toBe(1);
  expect(entityValue('9007199254740993', flight, '')).toBe('9007199254740993');
  expect(() => entityValue('1', flight, 'entities.flight[0]')).toThrow(
    expect.objectContaining({ field: 'entities.flight[0]', message: 'flight is integer, and "1" is none' }),
  );
});

it('a value counts up to the end of its time to live', () => {
  const row = { eventTime: 1_000, value: 5 };
  expect(onlineValue(row, 3_000, 2_000)).toEqual({ value: 5, status: 'PRESENT' });
  expect(onlineValue(row, 3_001, 2_000)).toEqual({ value: null, status: 'OUTSIDE_MAX_AGE' });
  expect(onlineValue(row, 9e15, undefined)).toEqual({ value: 5, status: 'PRESENT' });
  expect(onlineValue({ ...row, value: null }, 1_000, 1)).toEqual({ value: null, status: 'NULL_VALUE' });
  expect(onlineValue(undefined, 0, 1)).toEqual({ value: null, status: 'NOT_FOUND' });
});

it('numbers that were added up in another order are alike, others are not', () => {
  expect(areAlike(0.1 + 0.2, 0.3)).toBe(true);
  expect(areAlike(1e12 + 1, 1e12 + 2)).toBe(true);
  expect(areAlike(1, 1.0001)).toBe(false);
  expect(areAlike(null, 0)).toBe(false);
  expect(areAlike('1', 1)).toBe(false);
  expect(areAlike([1, 'a'], [1, 'a'])).toBe(true);
});
