// Many callers who send nothing, or never finish: bounded, and no harm to those who ask for little.
import { defineRawRoute } from '@capstan/api';
import { expect, test } from 'vitest';
import { bindRaw } from './bind.ts';
import { BytesInHand } from './bytes-in-hand.ts';
import type { HttpServerOptions } from './server.ts';
import { openSocket, startTestServer } from './testing.ts';

const measure = defineRawRoute({
  name: 'test.measure',
  method: 'POST',
  path: '/measure',
  summary: 'Tells how long a body is',
  permission: 'read',
  bodyLimitBytes: 1_000_000,
  audit: 'none',
  protocol: 'open-inference',
  bodyAs: 'bytes',
});

/** What waits in the handler goes on by `goOn`. */
async function start(options: Partial<HttpServerOptions> = {}) {
  const waiting: (() => void)[] = [];
  const handler = bindRaw(measure, async ({ bytes, query }) => {
    if (query.has('wait')) await new Promise<void>((resolve) => waiting.push(resolve));
    return { status: 200, body: String(bytes.length) };
  });
  const { url } = await startTestServer({ bound: [handler], ...options });
  return { url, waiting };
}

/** A request whose body stops after so many bytes. */
const begun = (url: string, sent: number): string =>
  `POST /measure HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(sent)}`;

async function post(
  url: string,
  bytes: number,
  query = '',
): Promise<{ status: number; text: string; connection: string | null }> {
  const response = await fetch(`${url}/measure${query}`, { method: 'POST', body: 'x'.repeat(bytes) });
  return { status: response.status, text: await response.text(), connection: response.headers.get('connection') };
}

test('bodies that stop halfway fill what large bodies share, and small ones are answered', async () => {
  const { url } = await start({ inHand: new BytesInHand(500_000, 1_000) });
  const stalled = await openSocket(url, begun(url, 450_000));
  // The server has read what was sent once a body that no longer fits is refused.
  await expect.poll(async () => (await post(url, 100_000)).status).toBe(429);
  expect(await post(url, 1_000)).toMatchObject({ status: 200, text: '1000' });
  expect(await post(url, 40_000)).toMatchObject({ status: 200, text: '40000' });
  stalled.socket.destroy();
  await expect.poll(async () => (await post(url, 400_000)).status).toBe(200);
});

test('a body counts until it is answered, and then no more', async () => {
  const { url, waiting } = await start({ inHand: new BytesInHand(500_000, 0) });
  const held = post(url, 450_000, '?wait');
  await expect.poll(() => waiting.length).toBe(1);
  const refused = await post(url, 100_000);
  expect(refused).toMatchObject({ status: 429, text: expect.stringMatching(/450000 bytes .* in hand already/) });
  waiting[0]?.();
  expect(await held).toMatchObject({ status: 200 });
  // Had any of them been counted twice or for good, the last would not fit.
  for (let times = 0; times < 5; times++) expect(await post(url, 500_000)).toMatchObject({ status: 200 });
  await post(url, 1_000_001);
  expect(await post(url, 500_000)).toMatchObject({ status: 200 });
});

test('a body that pauses for too long ends, and what it held is free', async () => {
  const { url } = await start({ inHand: new BytesInHand(500_000, 0), idleTimeoutMs: 300 });
  const stalled = await openSocket(url, begun(url, 450_000));
  await expect.poll(() => stalled.said()).toMatch(/^HTTP\/1.1 400 [^]*did not come in time/);
  expect(await post(url, 500_000)).toMatchObject({ status: 200 });
});

test('who connects and says nothing makes way for who asks', async () => {
  const { url } = await start({ maxConnections: 10 });
  const silent = await Promise.all(Array.from({ length: 9 }, () => openSocket(url)));
  const begunHere = silent[0];
  begunHere?.socket.write('POST /measure');
  // The sweep lets those be who have only just come: it is tried again and again, as clients do.
  await expect.poll(async () => (await post(url, 10).catch(() => undefined))?.status, { timeout: 10_000 }).toBe(200);
  await expect
    .poll(async () => (await openSocket(url), silent.filter(({ socket }) => socket.destroyed).length), {
      timeout: 10_000,
    })
    .toBe(8);
  expect(begunHere?.socket.destroyed).toBe(false);
});
