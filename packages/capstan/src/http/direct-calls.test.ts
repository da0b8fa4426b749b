// Two ways lead to a direct route: the short one for plain paths, and the framework's. Nobody may be able to tell them apart.
import { request as send, type IncomingHttpHeaders } from 'node:http';
import { defineRawRoute } from '@capstan/api';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { DomainError, invalid } from '#kernel/errors';
import type { AccessFacts } from './access-log.ts';
import { bindDirect } from './bind.ts';
import { openSocket, startTestServer } from './testing.ts';

const echo = defineRawRoute({
  name: 'test.echo',
  method: 'POST',
  path: '/v2/models/:model/infer',
  summary: 'Says what it was sent',
  permission: 'read',
  bodyLimitBytes: 1_000,
  audit: 'none',
  protocol: 'open-inference',
  bodyAs: 'bytes',
});

async function start() {
  const logged: string[] = [];
  const access: AccessFacts[] = [];
  const counted: string[] = [];
  const { url } = await startTestServer({
    bound: [
      bindDirect(
        echo,
        async (request) => {
          const { params, query, bytes } = request;
          if (bytes.equals(Buffer.from('wrong'))) throw invalid('It is wrong', { field: 'body', hint: 'Mend it.' });
          if (bytes.equals(Buffer.from('broken'))) throw new Error('secret cause');
          request.note({ model: params['model'] ?? '' });
          const body = Buffer.from(`${params['model']} ${query.get('q')} ${bytes.toString()}`);
          return { status: 201, headers: { 'content-type': 'text/plain' }, body };
        },
        ({ headers }) => {
          if (headers['x-refuse'] === undefined) return;
          throw new DomainError('RESOURCE_EXHAUSTED', 'There is too much to do');
        },
      ),
    ],
    errorRenderers: {
      'open-inference': (error, id) => ({
        status: error.code === 'RESOURCE_EXHAUSTED' ? 429 : 400,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ error: error.message, code: error.code, hasId: id.length > 0 }),
      }),
    },
    log: pino({ level: 'error' }, { write: (line: string) => void logged.push(line) }),
    onAnswer: (route, status) => void counted.push(`${route} ${status}`),
    onAccess: (facts) => void access.push(facts),
  });
  return { url, logged, access, counted };
}

const SHORT = '/v2/models/iris/infer';
const LONG = '/v2/models/%69ris/infer';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = send(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** An answer but for what is of its own moment. */
function told({ status, headers, text }: Answer) {
  const { date, 'x-request-id': id, 'content-type': type, ...rest } = headers;
  // The framework names the only charset that JSON has (RFC 8259, section 8.1).
  const media = type?.replace('; charset=utf-8', '');
  return {
    status,
    text,
    media,
    headers: rest,
    hasDate: date !== undefined,
    hasId: typeof id === 'string' && id.length === 36,
  };
}

describe('the short way and the long one', () => {
  test.each<[string, string, Record<string, string>]>([
    ['an answer', 'hello', {}],
    ['no body', '', {}],
    ['a refusal of the handler', 'wrong', {}],
    ['a failure of ours', 'broken', {}],
    ['a body past the limit', 'x'.repeat(1_001), {}],
    ['a refusal by the head', 'hello', { 'x-refuse': '1' }],
    ['a foreign host', 'hello', { host: 'evil.example' }],
    ['a foreign origin', 'hello', { origin: 'https://evil.example' }],
    ['a page of another site', 'hello', { 'sec-fetch-site': 'cross-site' }],
  ])('give the same: %s', async (_, body, headers) => {
    const { url, access, counted, logged } = await start();
    const short = told(await post(`${url}${SHORT}`, body, headers));
    const long = told(await post(`${url}${LONG}`, body, headers));
    expect(short).toEqual(long);
    expect(short).toMatchObject({ hasDate: true, hasId: true });
    await expect.poll(() => access.length).toBe(2);
    const [first, second] = access.map(({ requestId: _id, durationMs: _ms, ...facts }) => facts);
    expect(first).toEqual(second);
    expect(counted[0]).toBe(`${echo.path} ${short.status}`);
    expect(counted[1]).toBe(counted[0]);
    expect(logged).toHaveLength(body === 'broken' ? 2 : 0);
    expect(short.text).not.toContain('secret');
  });

  test('a query, a trailing slash and a name that needs no decoding lead there too, and other methods do not', async () => {
    const { url } = await start();
    expect((await post(`${url}${SHORT}?q=a%20b`, 'x')).text).toBe('iris a b x');
    expect((await post(`${url}${SHORT}/`, 'x')).text).toBe('iris null x');
    expect((await post(`${url}/v2/models/a~b_c-1.2/infer`, 'x')).text).toBe('a~b_c-1.2 null x');
    expect((await post(`${url}/v2/models/a%2Fb/infer`, 'x')).text).toBe('a/b null x');
    expect((await fetch(`${url}${SHORT}`)).status).toBe(404);
    expect((await post(`${url}/v2/models/a/b/infer`, 'x')).status).toBe(404);
  });

  test('many requests on one connection, those with an unread body among them, are answered in order', async () => {
    const { url } = await start();
    const { said, socket } = await openSocket(url);
    const one = (body: string, more = ''): string =>
      `POST ${SHORT} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
    socket.write(one('1') + one('2', 'Origin: https://evil.example\r\n') + one('3'));
    await expect
      .poll(said)
      .toMatch(/^HTTP\/1.1 201[^]*iris null 1HTTP\/1.1 400[^]*evil[^]*HTTP\/1.1 201[^]*iris null 3$/);
  });
});
