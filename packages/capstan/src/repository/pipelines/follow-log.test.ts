import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followLog, lastLines } from './follow-log.ts';

let folder = '';
let log = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-log-'));
  log = join(folder, 'log');
});

afterEach(() => rmSync(folder, { recursive: true }));

it('hands on whole lines while they come, and what is left at the end', async () => {
  const got: string[] = [];
  const follower = followLog(log, (text) => got.push(text));
  writeFileSync(log, 'one\ntw');
  await expect.poll(() => got).toEqual(['one']);
  appendFileSync(log, Buffer.from('o ☃\nthr').subarray(0, 4));
  await sleep(80);
  appendFileSync(log, Buffer.from('o ☃\nthr').subarray(4));
  await expect.poll(() => got.join('\n')).toBe('one\ntwo ☃');
  follower.stop();
  expect(got.join('\n')).toBe('one\ntwo ☃\nthr');
});

it('says what it leaves out where more comes than can be shown', () => {
  const got: string[] = [];
  const follower = followLog(log, (text) => got.push(text));
  writeFileSync(log, 'first\n');
  truncateSync(log, 50_000_000);
  appendFileSync(log, '\nlast\n');
  follower.stop();
  expect(got[0]).toContain('MB are not shown');
  expect(got.at(-1)?.endsWith('last')).toBe(true);
  expect(got.join('').length).toBeLessThan(6_000_000);
});

it('nothing was printed where there is no file', () => {
  followLog(log, () => expect.unreachable()).stop();
  expect(lastLines(log, 3)).toEqual([]);
  writeFileSync(log, 'a\nb\nc\nd\n');
  expect(lastLines(log, 2)).toEqual(['c', 'd']);
});
