// Two servers on one port, as processes of a data plane are: one leaves it and takes it again.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineRoute, nothing } from '@capstan/api';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { bind } from './bind.ts';
import { createPortKeeper } from './shared-port.ts';
import type { HttpServer } from './server.ts';
import { startTestServer } from './testing.ts';

const who = defineRoute({
  permission: 'read',
  audit: 'none',
  errors: [],
  params: nothing,
  query: z.strictObject({ waits: z.coerce.boolean().default(false) }),
  name: 'test.who',
  method: 'GET',
  path: '/who',
  summary: 'Says who answers',
  bodyLimitBytes: 0,
  body: nothing,
  reply: z.strictObject({ name: z.string() }),
});
const log = pino({ level: 'silent' });
let answer: () => void;
beforeEach(() => {
  answer = unasked;
});
/** Before anybody waits. */
function unasked(): void {}

async function start(name: string, port = 0): Promise<{ server: HttpServer; port: number }> {
  const handler = bind(who, async ({ query }) => {
    if (query.waits) await new Promise<void>((resolve) => (answer = resolve));
    return { name };
  });
  const { server, url } = await startTestServer({ bound: [handler], log, graceMs: 0 }, { port, reusePort: true });
  return { server, port: Number(new URL(url).port) };
}

/** Who answers, and whether the connection stays. */
async function ask(port: number, agent?: Agent, query = ''): Promise<string> {
  const call = request({ port, host: '127.0.0.1', path: `/who${query}`, ...(agent ? { agent } : { agent: false }) });
  call.end();
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
  const text = (await response.toArray()).join('');
  return `${(JSON.parse(text) as { name: string }).name} ${response.headers.connection}`;
}

async function answering(port: number): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let count = 0; count < 60; count++) seen.add((await ask(port)).split(' ')[0] ?? '');
  return seen;
}

test('one that leaves the port answers what it has in hand, and the other all else, until it comes back', async () => {
  const { server, port } = await start('a');
  await start('b', port);
  expect(await answering(port)).toEqual(new Set(['a', 'b']));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let first = await ask(port, agent);
  while (first.startsWith('b')) {
    agent.destroy();
    first = await ask(port, agent);
  }
  expect(first).toBe('a keep-alive');
  const inHand = ask(port, agent, '?waits=1');
  while (answer === unasked) await sleep(5);
  const keeper = createPortKeeper([server], log);
  for (let told = 0; told < 2; told++) keeper(true);
  expect(await answering(port)).toEqual(new Set(['b']));
  answer();
  expect(await inHand).toBe('a keep-alive');
  // It had not been idle: its next request is its last here.
  expect(await ask(port, agent)).toBe('a close');
  expect(await ask(port, agent)).toBe('b keep-alive');
  agent.destroy();
  for (let told = 0; told < 2; told++) keeper(false);
  while ((await answering(port)).size < 2) await sleep(5);
});

test('a connection that was busy when the port was left is closed once it is idle', async () => {
  const { server, port } = await start('a');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const inHand = ask(port, agent, '?waits=1');
  while (answer === unasked) await sleep(5);
  server.leavePort();
  answer();
  expect(await inHand).toBe('a keep-alive');
  const [socket] = Object.values(agent.freeSockets).flatMap((free) => free ?? []);
  const closed = once(socket as import('node:net').Socket, 'close');
  server.leavePort();
  await closed;
  agent.destroy();
});

test('a port that somebody took meanwhile is tried again, and one that is left is drained as any other', async () => {
  const { server, port } = await start('a');
  const keeper = createPortKeeper([server], log);
  keeper(true);
  // A stranger, who does not share it.
  const { createServer } = await import('node:net');
  const stranger = createServer().listen(port, '127.0.0.1');
  await once(stranger, 'listening');
  keeper(false);
  await expect(server.takePort()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  stranger.close();
  await once(stranger, 'close');
  const comesBack = async (): Promise<string> => {
    keeper(false);
    return await ask(port).catch(() => 'nobody');
  };
  while ((await comesBack()) !== 'a close') await sleep(5);
  keeper(true);
  await server.drain(1_000);
});
