import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectPlain } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { BytesInHand, identifyLocal, type AccessFacts } from '#http';
import { behindPrefix, framed, MessageSplitter } from './framing.ts';
import type { CallContext, GrpcMethod } from './server-call.ts';
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from './server.ts';
import { STATUS } from './status.ts';

const MAX_BYTES = 100_000;
const ECHO = '/test.Test/Echo';
const WAIT = '/test.Test/Wait';
const TALK = '/test.Test/Talk';

/** What a call got: its status is in the trailers, or in the headers where there was no message. */
interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly text: string;
  readonly messages: readonly string[];
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

interface Waiting {
  readonly context: CallContext;
  answer(): void;
}

async function start(options: Partial<GrpcServerOptions> = {}) {
  const waiting: Waiting[] = [];
  const answers: [string, number][] = [];
  const methods = new Map<string, GrpcMethod>([
    [ECHO, { kind: 'unary', permission: 'execute', handle: (message) => behindPrefix(message) }],
    [
      WAIT,
      {
        kind: 'unary',
        permission: 'public',
        handle: (message, context) =>
          new Promise((resolve) => waiting.push({ context, answer: () => resolve(behindPrefix(message)) })),
      },
    ],
    [TALK, { kind: 'conversation', permission: 'public', handle: (message) => message }],
    [
      '/test.Test/Break',
      {
        kind: 'unary',
        permission: 'public',
        handle() {
          throw new Error('a secret path');
        },
      },
    ],
  ]);
  const server: GrpcServer = createGrpcServer({
    methods,
    identify: identifyLocal,
    allowedHosts: [],
    maxMessageBytes: MAX_BYTES,
    log: pino({ level: 'silent' }),
    onAnswer: (path, status) => answers.push([path, status]),
    ...options,
  });
  const address = await server.listen('127.0.0.1', 0);
  open.push({ close: () => server.drain(0) });
  return { server, address, waiting, answers };
}

function client(address: string): ClientHttp2Session {
  const session = connect(`http://${address}`);
  session.on('error', () => {});
  open.push(session);
  return session;
}

async function call(
  session: ClientHttp2Session,
  path: string,
  body: Uint8Array = framed(Buffer.from('hello')),
  headers: OutgoingHttpHeaders = {},
): Promise<Got> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  return await got(stream, () => stream.end(body));
}

async function got(stream: ReturnType<ClientHttp2Session['request']>, send: () => void): Promise<Got> {
  let first: IncomingHttpHeaders = {};
  let last: IncomingHttpHeaders = {};
  const messages: string[] = [];
  const splitter = new MessageSplitter(2 ** 31);
  stream.on('response', (headers) => (first = headers));
  stream.on('trailers', (headers) => (last = headers));
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => messages.push(...splitter.push(chunk).map(({ bytes }) => bytes.toString())));
  send();
  await once(stream, 'close');
  const { 'grpc-status': status, 'grpc-message': text } = { ...first, ...last };
  return { headers: first, status: Number(status), text: decodeURIComponent(String(text ?? '')), messages };
}

describe('a call', () => {
  test('is answered, and counted by its path', async () => {
    const { address, answers } = await start();
    const session = client(address);
    expect(await call(session, ECHO)).toMatchObject({ status: STATUS.OK, messages: ['hello'] });
    expect(await call(session, ECHO, framed(Buffer.alloc(0)))).toMatchObject({ status: STATUS.OK, messages: [''] });
    expect(await call(session, '/test.Test/None')).toMatchObject({ status: STATUS.UNIMPLEMENTED });
    expect(answers).toEqual([
      [ECHO, 200],
      [ECHO, 200],
      ['none', 501],
    ]);
  });

  test('that is compressed is unpacked, and no further than allowed', async () => {
    const session = client((await start()).address);
    const packed = (bytes: Uint8Array) => {
      const message = framed(gzipSync(bytes));
      message[0] = 1;
      return message;
    };
    const gzip = { 'grpc-encoding': 'gzip' };
    const whole = Buffer.alloc(MAX_BYTES, 'a');
    expect(await call(session, ECHO, packed(whole), gzip)).toMatchObject({ status: 0, messages: [whole.toString()] });
    const bomb = packed(Buffer.alloc(MAX_BYTES + 1));
    expect(await call(session, ECHO, bomb, gzip)).toMatchObject({ status: STATUS.RESOURCE_EXHAUSTED });
    const broken = packed(whole).subarray(0, 20);
    broken.writeUInt32BE(15, 1);
    expect(await call(session, ECHO, broken, gzip)).toMatchObject({ status: STATUS.INVALID_ARGUMENT });
    expect(await call(session, ECHO, packed(whole))).toMatchObject({ status: STATUS.INTERNAL });
    const snappy = { 'grpc-encoding': 'snappy' };
    const unknown = await call(session, ECHO, packed(whole), snappy);
    expect(unknown).toMatchObject({ status: STATUS.UNIMPLEMENTED });
    expect(unknown.headers['grpc-accept-encoding']).toBe('identity,gzip,deflate');
  });

  test('that is too large is refused while it comes, and the connection goes on', async () => {
    const session = client((await start()).address);
    const large = await call(session, ECHO, framed(Buffer.alloc(2 * MAX_BYTES)));
    expect(large).toMatchObject({ status: STATUS.RESOURCE_EXHAUSTED, text: expect.stringMatching(/more than 100000/) });
    expect(await call(session, ECHO)).toMatchObject({ status: STATUS.OK });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a prefix', Buffer.from([0, 0])],
    ['half a message', framed(Buffer.alloc(100)).subarray(0, 50)],
    ['two messages', Buffer.concat([framed(Buffer.from('a')), framed(Buffer.from('b'))])],
    ['no flag', Buffer.from([9, 0, 0, 0, 0])],
  ])('of %s is INVALID_ARGUMENT', async (_what, body) => {
    const session = client((await start()).address);
    expect(await call(session, ECHO, body)).toMatchObject({ status: STATUS.INVALID_ARGUMENT });
  });

  test('whose method fails tells nothing of the cause', async () => {
    const session = client((await start()).address);
    const failed = await call(session, '/test.Test/Break');
    expect(failed).toMatchObject({ status: STATUS.INTERNAL, text: expect.not.stringContaining('secret') });
    expect(failed.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  });

  test('has its deadline and its caller told to the method', async () => {
    const { address, waiting, answers } = await start();
    const session = client(address);
    const late = await call(session, WAIT, undefined, { 'grpc-timeout': '30m' });
    expect(late).toMatchObject({ status: STATUS.DEADLINE_EXCEEDED });
    expect(waiting[0]?.context.signal.aborted).toBe(true);
    expect(waiting[0]?.context.deadline).toBeLessThanOrEqual(performance.now());

    const stream = session.request({ ':method': 'POST', ':path': WAIT, 'content-type': 'application/grpc' });
    stream.on('error', () => {});
    stream.end(framed(Buffer.from('x')));
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const { signal } = waiting[1]?.context ?? {};
    const aborted = once(signal ?? new EventTarget(), 'abort');
    stream.close(8);
    await aborted;
    // An answer that nobody waits for is dropped.
    waiting[1]?.answer();
    expect(await call(session, ECHO)).toMatchObject({ status: STATUS.OK });
    expect(answers.slice(0, 2)).toEqual([
      [WAIT, 504],
      [WAIT, 503],
    ]);
    expect(await call(session, ECHO, undefined, { 'grpc-timeout': 'soon' })).toMatchObject({
      status: STATUS.INVALID_ARGUMENT,
    });
  });

  test('may be a conversation', async () => {
    const session = client((await start()).address);
    const stream = session.request({ ':method': 'POST', ':path': TALK, 'content-type': 'application/grpc' });
    const answered = await got(stream, () => {
      stream.write(framed(Buffer.from('one')));
      stream.write(framed(Buffer.from('two')));
      stream.end();
    });
    expect(answered).toMatchObject({ status: STATUS.OK, messages: ['one', 'two'] });
    expect(await call(session, TALK, Buffer.alloc(0))).toMatchObject({ status: STATUS.OK, messages: [] });
    expect(await call(session, TALK, Buffer.alloc(3))).toMatchObject({ status: STATUS.INVALID_ARGUMENT });
  });
});

describe('who may call', () => {
  test('is decided before a method runs', async () => {
    const { address } = await start({ identify: () => null });
    const session = client(address);
    expect(await call(session, ECHO)).toMatchObject({ status: STATUS.UNAUTHENTICATED, messages: [] });
    expect(await call(session, TALK)).toMatchObject({ status: STATUS.OK });
  });

  test('a host name that is not ours, and a page of another site, are refused', async () => {
    const session = client((await start({ allowedHosts: ['ml.example.org'] })).address);
    const named = (authority: string) => call(session, TALK, undefined, { ':authority': authority });
    expect(await named('evil.example.org')).toMatchObject({ status: STATUS.PERMISSION_DENIED });
    expect(await named('ml.example.org')).toMatchObject({ status: STATUS.OK });
    expect(await named('evil.example.org')).toMatchObject({ status: STATUS.PERMISSION_DENIED });
    expect(await named('ml.example.org')).toMatchObject({ status: STATUS.OK });
    const origin = await call(session, TALK, undefined, { origin: 'http://evil.example.org' });
    expect(origin).toMatchObject({ status: STATUS.PERMISSION_DENIED });
  });
});

test('what is no gRPC is told so in HTTP, and what is no HTTP/2 loses its connection only', async () => {
  const { address } = await start();
  const session = client(address);
  const json = await call(session, ECHO, undefined, { 'content-type': 'application/json' });
  expect(json.headers[':status']).toBe(415);
  const get = session.request({ ':path': ECHO });
  const [headers] = (await once(get, 'response')) as [IncomingHttpHeaders];
  expect(headers[':status']).toBe(405);

  const plain = connectPlain(Number(address.split(':')[1]), '127.0.0.1');
  plain.on('error', () => {});
  plain.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  plain.resume();
  await once(plain, 'close');
  expect(await call(session, ECHO)).toMatchObject({ status: STATUS.OK });
});

test('requests in hand are bounded, all together', async () => {
  const { address, waiting } = await start({ maxMessageBytes: 1_000, inHand: new BytesInHand(8_000, 0) });
  const session = client(address);
  const calls = Array.from({ length: 9 }, () => call(session, WAIT, framed(Buffer.alloc(950))));
  const refused = await Promise.race(calls);
  expect(refused).toMatchObject({ status: STATUS.RESOURCE_EXHAUSTED, text: expect.stringMatching(/in hand already/) });
  for (const { answer } of waiting) answer();
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 0)).toHaveLength(8);
  expect(await call(session, ECHO, framed(Buffer.alloc(950)))).toMatchObject({ status: STATUS.OK });
});

test('a drain lets calls in hand end, and takes no others', async () => {
  const { address, server, waiting } = await start();
  const session = client(address);
  const inHand = call(session, WAIT);
  // Left open by its caller, as health is watched.
  const talk = session.request({ ':method': 'POST', ':path': TALK, 'content-type': 'application/grpc' });
  const talked = got(talk, () => talk.write(framed(Buffer.from('one'))));
  await once(talk, 'data');
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const drained = server.drain(10_000);
  await once(session, 'goaway');
  const refused = connect(`http://${address}`);
  await once(refused, 'error');
  expect(await talked).toMatchObject({ status: STATUS.UNAVAILABLE });
  waiting[0]?.answer();
  expect(await inHand).toMatchObject({ status: STATUS.OK, messages: ['hello'] });
  await drained;
});

test('one that leaves its port lets calls in hand end and says GOAWAY, and answers there again when it has taken it', async () => {
  const { address, server, waiting } = await start();
  const session = client(address);
  const inHand = call(session, WAIT);
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  server.leavePort();
  await once(session, 'goaway');
  await once(connect(`http://${address}`), 'error');
  waiting[0]?.answer();
  expect(await inHand).toMatchObject({ status: STATUS.OK, messages: ['hello'] });
  for (let again = 0; again < 2; again++) await server.takePort();
  expect(await call(client(address), ECHO)).toMatchObject({ status: STATUS.OK });
});

test('a taken port is told with its setting', async () => {
  const { address } = await start();
  const second = createGrpcServer({
    methods: new Map(),
    identify: identifyLocal,
    allowedHosts: [],
    maxMessageBytes: 1,
    log: pino({ level: 'silent' }),
  });
  await expect(second.listen('127.0.0.1', Number(address.split(':')[1]))).rejects.toMatchObject({
    code: 'CONFLICT',
    field: 'grpcPort',
  });
});

test('a log of calls is told of each, with what its method noted and how many bytes came and went', async () => {
  const calls: AccessFacts[] = [];
  const { address, waiting } = await start({ onAccess: (facts) => calls.push(facts) });
  const session = client(address);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const answered = call(session, WAIT, framed(Buffer.from('hello')), { traceparent });
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]?.context.note({ deployment: 'd', rows: 2 });
  waiting[0]?.answer();
  await answered;
  await call(session, TALK);
  const broken = await call(session, '/test.Test/Break');
  await call(session, '/made.Up/Name');
  expect(calls).toMatchObject([
    { protocol: 'grpc', method: 'POST', route: WAIT, status: 200, traceparent, remoteAddress: '127.0.0.1' },
    { route: TALK, status: 200, bytesIn: 10, bytesOut: 10, notes: null },
    { route: '/test.Test/Break', status: 500, requestId: broken.headers['x-request-id'] },
    { route: 'none', status: 501, notes: null },
  ]);
  expect(calls[0]).toMatchObject({ bytesIn: 10, bytesOut: 10, notes: { deployment: 'd', rows: 2 }, requestId: null });
});
