import { DomainError } from '#kernel/errors';
import { expect, test } from 'vitest';
import { translatedPostgresFailure } from './postgres-failure.ts';

const failure = (message: string, code?: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

test.each([
  ['terminating connection due to administrator command', '57P01', 'UNAVAILABLE'],
  ['the database system is starting up', '57P03', 'UNAVAILABLE'],
  ['sorry, too many clients already', '53300', 'UNAVAILABLE'],
  ['connection failure', '08006', 'UNAVAILABLE'],
  ['connect ECONNREFUSED', 'ECONNREFUSED', 'UNAVAILABLE'],
  ['Connection terminated unexpectedly', undefined, 'UNAVAILABLE'],
  ['timeout exceeded when trying to connect', undefined, 'UNAVAILABLE'],
  ['could not extend file', '53100', 'STORAGE_FULL'],
])('%s (%s) is %s', (message, code, expected) => {
  const translated = translatedPostgresFailure(failure(message, code));
  expect(translated).toBeInstanceOf(DomainError);
  expect(translated).toMatchObject({ code: expected });
});

test('a mistake of ours stays what it is', () => {
  const mistake = failure('syntax error at or near "selct"', '42601');
  expect(translatedPostgresFailure(mistake)).toBe(mistake);
  expect(translatedPostgresFailure('text')).toBe('text');
});
