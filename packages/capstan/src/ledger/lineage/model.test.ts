import type { StageAttempt } from '@capstan/api';
import { expect, test } from 'vitest';
import { aliasesAt, doubtOf, ulpsBetween } from './model.ts';

test('distance in representable numbers, across zero and in both precisions', () => {
  expect(ulpsBetween(0.1, 0.1, 'FP64')).toBe(0);
  expect(ulpsBetween(1, 1 + Number.EPSILON, 'FP64')).toBe(1);
  expect(ulpsBetween(1, 1 + 2 ** -23, 'FP32')).toBe(1);
  expect(ulpsBetween(1, 1 - 2 ** -24, 'FP32')).toBe(1);
  expect(ulpsBetween(Number.MIN_VALUE, -Number.MIN_VALUE, 'FP64')).toBe(3);
  expect(ulpsBetween(0, -0, 'FP64')).toBe(1);
  expect(ulpsBetween(0, -0, 'FP32')).toBe(1);
});

test('aliases as they were at an instant', () => {
  const move = (seq: number, alias: string, to: number | null, at: number) => ({ seq, alias, to, at });
  const moves = [
    move(3, 'champion', 2, 20),
    move(1, 'champion', 1, 10),
    move(2, 'old', 1, 15),
    move(4, 'old', null, 30),
  ];
  expect(aliasesAt(moves, 1, 9)).toEqual([]);
  expect(aliasesAt(moves, 1, 10)).toEqual(['champion']);
  expect(aliasesAt(moves, 1, 15)).toEqual(['champion', 'old']);
  expect(aliasesAt(moves, 1, 20)).toEqual(['old']);
  expect(aliasesAt(moves, 1, 30)).toEqual([]);
  expect(aliasesAt(moves, 2, 30)).toEqual(['champion']);
});

test('a version counts as made by an attempt only while that worked', () => {
  const attempt = (endedAt: number | null) => ({ startedAt: 10, endedAt }) as StageAttempt;
  expect(doubtOf(attempt(20), 10)).toBeNull();
  expect(doubtOf(attempt(20), 20)).toBeNull();
  expect(doubtOf(attempt(null), 99)).toBeNull();
  expect(doubtOf(attempt(20), 21)).toContain('was not working');
  expect(doubtOf(undefined, 15)).toContain('no');
});
