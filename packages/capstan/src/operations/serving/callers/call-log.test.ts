import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallCount } from '@capstan/api';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DomainError } from '#kernel/errors';
import { randomIds } from '#ports/ids';
import { createCallCounts, MOST_TOLD_APART } from './call-counts.ts';
import { openCallLog, type CallLog } from './call-log.ts';
import { Caller } from './caller.ts';

const HOUR_MS = 3_600_000;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'capstan-calls-'))));
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function callerOf(agent: string, address = '127.0.0.1', deployment = 'sum'): Caller {
  const facts = { headers: { 'user-agent': agent }, remoteAddress: address };
  const caller = new Caller(facts, { actor: 'local', grants: new Set(), known: null, token: null });
  caller.deployment = deployment;
  caller.rows = 1;
  return caller;
}

/** A control plane that takes each batch once, and answers as it is told. */
function controlPlane() {
  const taken = new Map<string, readonly CallCount[]>();
  const plane = {
    answer: 'taken' as 'taken' | 'away' | 'lost' | 'refused',
    sum: () => [...taken.values()].flat().reduce((sum, { requests }) => sum + requests, 0),
    async sendCalls(id: string, _replica: string, counts: readonly CallCount[]) {
      if (plane.answer === 'away') throw new DomainError('UNAVAILABLE', 'away');
      if (plane.answer === 'refused') throw new DomainError('INVALID_ARGUMENT', 'no');
      if (!taken.has(id)) taken.set(id, counts);
      // It was taken, and the answer did not arrive.
      if (plane.answer === 'lost') throw new DomainError('UNAVAILABLE', 'lost');
    },
  };
  return plane;
}

function open(plane: ReturnType<typeof controlPlane>): CallLog {
  const log = pino({ level: 'silent' });
  return openCallLog({ folder, replica: 'r1', ids: randomIds, log, controlPlane: plane, now: () => HOUR_MS + 5 });
}

test('what is counted while the control plane is away arrives once, whatever answers are lost', async () => {
  const plane = controlPlane();
  const log = open(plane);
  for (const answer of ['taken', 'away', 'lost', 'away', 'lost', 'lost'] as const) {
    plane.answer = answer;
    for (let call = 0; call < 10; call++) log.add(callerOf('curl/8'), 200);
    await log.flush().catch(() => {});
    expect(readdirSync(folder).filter((name) => name.startsWith('cb_')).length).toBeLessThanOrEqual(1);
  }
  plane.answer = 'taken';
  await log.flush();
  expect(plane.sum()).toBe(60);
  expect(readdirSync(folder)).toEqual([]);
  await log.close();
});

test('what was counted a second ago outlives the process', async () => {
  vi.useFakeTimers();
  const plane = controlPlane();
  plane.answer = 'away';
  const killed = open(plane);
  killed.add(callerOf('curl/8'), 200);
  vi.advanceTimersByTime(1_000);
  killed.add(callerOf('curl/8'), 200);
  // What it has on disk is what the next one has.
  plane.answer = 'taken';
  const next = open(plane);
  await next.flush();
  expect(plane.sum()).toBe(1);
  await next.close();
  await killed.close();
});

test('what ends without a control plane is there after the next start', async () => {
  const plane = controlPlane();
  plane.answer = 'away';
  const first = open(plane);
  first.add(callerOf('curl/8'), 200);
  await expect(first.flush()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  first.add(callerOf('curl/8'), 500);
  await first.close();
  plane.answer = 'taken';
  const second = open(plane);
  await second.flush();
  await second.close();
  expect(plane.sum()).toBe(2);
});

test('a batch that is refused for good holds up nothing, nor does a file that cannot be read', async () => {
  writeFileSync(join(folder, 'open.json'), '{"half": ');
  const plane = controlPlane();
  const log = open(plane);
  plane.answer = 'refused';
  log.add(callerOf('curl/8'), 200);
  await log.flush();
  plane.answer = 'taken';
  log.add(callerOf('curl/8'), 200);
  await log.flush();
  expect(plane.sum()).toBe(1);
  await log.close();
});

test('callers are told apart up to a number, by deployment and hour; the rest is one', () => {
  let counts = createCallCounts();
  const ask = (index: number, at = 0) => counts.add(callerOf(`agent-${index}/1.0 secret`, '::ffff:10.0.0.1'), 200, at);
  for (let index = 0; index < MOST_TOLD_APART; index++) ask(index);
  // Also after what was counted was stored and read again.
  counts = createCallCounts(counts.all());
  for (let index = 0; index < MOST_TOLD_APART + 50; index++) ask(index);
  ask(999, HOUR_MS);
  const [first] = counts.all();
  expect(first).toMatchObject({ agent: 'agent-0', address: '10.0.0.1', requests: 2, rows: 2, lastAt: 0 });
  expect(counts.all().filter(({ hour }) => hour === 0)).toHaveLength(MOST_TOLD_APART + 1);
  expect(counts.all()).toContainEqual(expect.objectContaining({ agent: '', address: '', requests: 50 }));
  expect(counts.all()).toContainEqual(expect.objectContaining({ agent: 'agent-999', hour: HOUR_MS }));
});

test.each([
  ['python-requests/2.32.3', 'python-requests'],
  ['grpc-python/1.80.0 grpc-c/52.0.0 (linux; chttp2)', 'grpc-python'],
  ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla'],
  ['<script>', ''],
  ['x'.repeat(500), 'x'.repeat(64)],
])('of %s the product is told', (header, agent) => expect(callerOf(header).agent).toBe(agent));

test('what a caller says of itself is on disk in no other form', async () => {
  const log = open(controlPlane());
  log.add(callerOf('curl/8 secret'), 200);
  await log.close();
  expect(readFileSync(join(folder, 'open.json'), 'utf8')).not.toContain('secret');
});

test('callers with unknown tokens are told apart by them, and hide nobody who has none', () => {
  const counts = createCallCounts();
  const unknown = (token: string): Caller => {
    const facts = { headers: { 'user-agent': 'curl/8' }, remoteAddress: '127.0.0.1' };
    const caller = new Caller(facts, {
      actor: 'local',
      grants: new Set(),
      known: null,
      token: null,
      unknownToken: token,
    });
    caller.endsWith(401, { model: 'sum' }, (name) => name === 'sum');
    return caller;
  };
  const tokenOf = (index: number): string => index.toString(16).padStart(8, '0');
  for (let index = 0; index < MOST_TOLD_APART + 20; index++) counts.add(unknown(tokenOf(index)), 401, 0);
  counts.add(unknown(tokenOf(0)), 401, 0);
  counts.add(callerOf('curl/8'), 200, 0);
  const all = counts.all();
  expect(all).toHaveLength(MOST_TOLD_APART + 2);
  const shared = { deployment: 'sum', consumer: null };
  const curl = { agent: 'curl', address: '127.0.0.1' };
  expect(all[0]).toMatchObject({ ...shared, ...curl, unknownToken: tokenOf(0), requests: 2, refused: 2, errors: 0 });
  expect(all.find(({ unknownToken }) => unknownToken === '')).toMatchObject({ agent: '', address: '', requests: 20 });
  expect(all.at(-1)).toMatchObject({ ...shared, ...curl, requests: 1, refused: 0 });
  expect(all.at(-1)).not.toHaveProperty('unknownToken');
});
