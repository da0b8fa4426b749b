import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineRawRoute, defineRoute, nothing, problem } from '@capstan/api';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DomainError } from '#kernel/errors';
import { identifyLocal } from './authorize.ts';
import { bind, bindRaw, type BoundRoute } from './bind.ts';
import { createHttpServer } from './server.ts';
import { startTestServer } from './testing.ts';

const basics = { permission: 'read', audit: 'none', errors: [], params: nothing, query: nothing } as const;
const echo = defineRoute({
  ...basics,
  name: 'test.echo',
  method: 'POST',
  path: '/api/v1/echo',
  summary: 'Gives back what it got',
  bodyLimitBytes: 1_000,
  body: z.strictObject({ word: z.string(), items: z.array(z.int()).default([]) }),
  reply: z.strictObject({ word: z.string() }),
});
const fail = defineRoute({
  ...basics,
  name: 'test.fail',
  method: 'GET',
  path: '/api/v1/fail/:how',
  summary: 'Fails as asked',
  bodyLimitBytes: 0,
  params: z.strictObject({ how: z.enum(['domain', 'bug', 'reply']) }),
  body: nothing,
  reply: z.strictObject({ word: z.string() }),
});
const upload = defineRawRoute({
  name: 'test.upload',
  method: 'PUT',
  path: '/upload/*',
  summary: 'Counts bytes',
  permission: 'write',
  bodyLimitBytes: 1_000_000,
  audit: 'none',
  protocol: 'mlflow',
  bodyAs: 'stream',
});
const table = [echo, fail, upload];

const bound: BoundRoute[] = [
  bind(echo, async ({ body }) => ({ word: body.word })),
  bind(fail, async ({ params }) => {
    if (params.how === 'domain') throw new DomainError('CONFLICT', 'No', { field: 'x', hint: 'Do y.' });
    if (params.how === 'bug') throw new Error('secret detail');
    return { wrong: 1 } as unknown as { word: string };
  }),
  bindRaw(upload, async ({ stream, params }) => {
    if (params['*'] === 'refused') throw new DomainError('NOT_FOUND', 'No');
    let count = 0;
    for await (const chunk of stream) count += (chunk as Buffer).length;
    return { status: 200, body: Readable.from([String(count)]) };
  }),
];

async function start(options: { idleTimeoutMs?: number } = {}): Promise<string> {
  const { url } = await startTestServer({
    ...options,
    bound,
    errorRenderers: { mlflow: (error) => ({ status: 418, body: JSON.stringify({ error_code: error.code }) }) },
    allowedHosts: ['ml.example.org'],
  });
  return url;
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/v1/echo`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** fetch sets Host by itself: a raw socket says what it likes. Resolves with the status line. */
function statusOf(url: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request));
    socket.setEncoding('utf8');
    socket.once('data', (text) => {
      resolve(String(text).split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('a server with a route missing, undeclared or bound twice does not start', () => {
  const options = {
    identify: identifyLocal,
    errorRenderers: {},
    allowedHosts: [],
    log: pino({ level: 'silent' }),
    checkReplies: true,
  };
  expect(() => createHttpServer({ ...options, table, bound: bound.slice(1) })).toThrow(
    'without handler: POST /api/v1/echo',
  );
  expect(() => createHttpServer({ ...options, table: [fail, upload], bound })).toThrow(
    'not in the table: POST /api/v1/echo',
  );
  expect(() => createHttpServer({ ...options, table, bound: [...bound, ...bound.slice(0, 1)] })).toThrow(
    'bound twice: 1',
  );
});

describe('validation', () => {
  test('a good call', async () => {
    const response = await post(await start(), '{"word":"ahoy"}');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ word: 'ahoy' });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['a missing field', '{}', 400, 'body.word'],
    ['an unknown field', '{"word":"a","wrod":1}', 400, 'body'],
    ['a wrong element', '{"word":"a","items":[1,"x"]}', 400, 'body.items[1]'],
    ['no JSON', '{"word"', 400, 'body'],
    ['a __proto__ member', '{"word":"a","__proto__":{}}', 400, 'body'],
    ['a body nested too deep', `{"word":${'['.repeat(100)}${']'.repeat(100)}}`, 400, 'body'],
    ['a body past the limit', JSON.stringify({ word: 'a'.repeat(2_000) }), 413, 'body'],
  ])('%s', async (_, body, status, field) => {
    const response = await post(await start(), body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(problem.parse(await response.json()).field).toBe(field);
  });

  test('another content type is refused', async () => {
    const response = await post(await start(), '{"word":"a"}', { 'content-type': 'text/plain' });
    expect(response.status).toBe(415);
  });
});

describe('failures', () => {
  test('an expected one carries field and hint', async () => {
    const response = await fetch(`${await start()}/api/v1/fail/domain`);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'CONFLICT', detail: 'No', field: 'x', hint: 'Do y.' });
  });

  test.each(['bug', 'reply'])('a %s shows no detail but a request id', async (how) => {
    const response = await fetch(`${await start()}/api/v1/fail/${how}`);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain('secret');
    expect(problem.parse(JSON.parse(text)).requestId).toBe(response.headers.get('x-request-id'));
  });

  test('an unknown path names the reference', async () => {
    const response = await fetch(`${await start()}/nowhere`);
    expect(response.status).toBe(404);
    expect(problem.parse(await response.json()).hint).toContain('/docs');
  });

  test('a taken port is named', async () => {
    const url = await start();
    const second = createHttpServer({
      table: [],
      bound: [],
      identify: identifyLocal,
      errorRenderers: {},
      allowedHosts: [],
      log: pino({ level: 'silent' }),
      checkReplies: false,
    });
    await expect(second.listen('127.0.0.1', Number(new URL(url).port))).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'port',
    });
  });
});

describe('raw routes', () => {
  test('stream in and out', async () => {
    const response = await fetch(`${await start()}/upload/a/b`, { method: 'PUT', body: 'x'.repeat(500_000) });
    expect(await response.text()).toBe('500000');
  });

  test('a body past the limit is refused in the protocol’s own shape', async () => {
    const response = await fetch(`${await start()}/upload/a`, { method: 'PUT', body: 'x'.repeat(1_000_001) });
    expect(response.status).toBe(418);
    expect(await response.json()).toEqual({ error_code: 'TOO_LARGE' });
  });
});

describe('calls that a page of another site could make', () => {
  test.each([
    ['a foreign host', 'evil.example', '403'],
    ['no host name of ours with a port', 'evil.example:5050', '403'],
    ['loopback', '127.0.0.1:PORT', '404'],
    ['localhost', 'localhost:PORT', '404'],
    ['another port of localhost', 'localhost:1', '403'],
    ['a configured name', 'ml.example.org:443', '404'],
  ])('Host: %s', async (_, host, status) => {
    const url = await start();
    const name = host.replace('PORT', new URL(url).port);
    expect(await statusOf(url, `GET /x HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)).toContain(status);
  });

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
    ['another port of loopback', { origin: 'http://127.0.0.1:1' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
  ])('%s cannot change anything, also on paths that do not exist', async (_, headers) => {
    const url = await start();
    expect((await post(url, '{"word":"a"}', headers as unknown as Record<string, string>)).status).toBe(403);
    expect(
      (await fetch(`${url}/nowhere`, { method: 'DELETE', headers: headers as unknown as Record<string, string> }))
        .status,
    ).toBe(403);
  });

  test('the own origin can', async () => {
    const url = await start();
    expect((await post(url, '{"word":"a"}', { origin: url })).status).toBe(200);
  });
});

test('a body may take as long as it moves; a sender that stops is given up, also where nobody reads', async () => {
  const url = await start({ idleTimeoutMs: 1_000 });
  const send = async (path: string, pausesMs: readonly number[]): Promise<string> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const length = pausesMs.length;
    socket.write(
      `PUT /upload/${path} HTTP/1.1\r\nHost: 127.0.0.1:${new URL(url).port}\r\nContent-Length: ${length}\r\n\r\n`,
    );
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => (answer += text));
    for (const pauseMs of pausesMs) {
      await sleep(pauseMs);
      socket.write('x');
    }
    await sleep(100);
    socket.destroy();
    return answer.split('\r\n')[0] ?? '';
  };
  expect(
    await send(
      'a',
      Array.from({ length: 6 }, () => 300),
    ),
  ).toBe('HTTP/1.1 200 OK');
  expect(await send('a', [0, 2_500])).toContain(' 418 ');
  expect(await send('refused', [0, 2_500])).toContain(' 418 ');
  expect((await fetch(`${url}/upload/a`, { method: 'PUT', body: 'xy' })).status).toBe(200);
});
