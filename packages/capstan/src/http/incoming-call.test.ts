import { setImmediate as nextTurn } from 'node:timers/promises';
import { defineRawRoute, defineRoute, nothing } from '@capstan/api';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { bind, bindRaw } from './bind.ts';
import { startTestServer } from './testing.ts';

const basics = { permission: 'read', audit: 'none', method: 'GET', bodyLimitBytes: 0 } as const;
const json = defineRoute({
  ...basics,
  name: 'test.json',
  path: '/api/v1/json',
  summary: 'Waits',
  errors: [],
  params: nothing,
  query: nothing,
  body: nothing,
  reply: z.strictObject({}),
});
const raw = defineRawRoute({
  ...basics,
  name: 'test.raw',
  path: '/raw',
  summary: 'Waits',
  protocol: 'mlflow',
  bodyAs: 'bytes',
});

async function start(handle: (call: { readonly signal: AbortSignal }) => Promise<void>) {
  const logged: string[] = [];
  const { url } = await startTestServer({
    bound: [
      bind(json, async (_, context) => {
        await handle(context);
        return {};
      }),
      bindRaw(raw, async (request) => {
        await handle(request);
        return { status: 200, body: 'x' };
      }),
    ],
    log: pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }),
  });
  return { url, logged };
}

const paths = [json.path, raw.path];

test.each(paths)('a caller of %s who hangs up is heard of, and what is given up for it is no failure', async (path) => {
  let hasCome: () => void = () => {};
  let isOver: () => void = () => {};
  const come = new Promise<void>((resolve) => (hasCome = resolve));
  const over = new Promise<void>((resolve) => (isOver = resolve));
  const { url, logged } = await start(async ({ signal }) => {
    hasCome();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    isOver();
    signal.throwIfAborted();
  });
  const abort = new AbortController();
  const call = fetch(`${url}${path}`, { signal: abort.signal }).catch(() => {});
  await come;
  abort.abort();
  await call;
  await over;
  await nextTurn();
  expect(logged).toEqual([]);
});

test.each(paths)('what fails of %s while the caller waits is logged', async (path) => {
  const { url, logged } = await start(async () => {
    throw new Error('secret detail');
  });
  expect((await fetch(`${url}${path}`)).status).toBe(500);
  expect(logged.join('')).toContain('secret detail');
});

test.each(paths)('the call of %s has no getter of its own: V8 would keep the whole request for long', async (path) => {
  const own: PropertyDescriptor[] = [];
  const { url } = await start(async (call) => void own.push(...Object.values(Object.getOwnPropertyDescriptors(call))));
  expect((await fetch(`${url}${path}`)).status).toBe(200);
  expect(own.length).toBeGreaterThan(1);
  expect(own.filter(({ get }) => get !== undefined)).toEqual([]);
});
