// Streams of rows and answers over real sockets: order, rows that are wrong, readers and senders that stop.
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loggedIds, startTestingPlane, type TestingPlane } from '#protocols/testing';

const plusOne = new URL('../../../../../tests/support/models/plus-one.onnx', import.meta.url);
let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({ plus: plusOne });
});
afterAll(() => served?.stop());

interface Line {
  readonly row?: number;
  readonly id?: string;
  readonly outputs?: { readonly y: number };
  readonly error?: { readonly code: string; readonly detail: string; readonly field?: string };
}

const NDJSON = 'application/x-ndjson';

async function post(body: string, headers: Record<string, string>, deployment = 'plus') {
  const response = await fetch(`${served.url}/models/${deployment}/predict`, { method: 'POST', body, headers });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const linesIn = (text: string): Line[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
const rows = (count: number): string => Array.from({ length: count }, (_, x) => `{"x":${x}}\n`).join('');

/** An open stream of rows. */
async function open(): Promise<{ call: ClientRequest; reply: Promise<IncomingMessage> }> {
  const call = httpRequest(`${served.url}/models/plus/predict`, {
    method: 'POST',
    headers: { 'content-type': NDJSON },
  });
  const reply = once(call, 'response').then(([message]) => message as IncomingMessage);
  return { call, reply };
}

describe('lines in, lines out', () => {
  test('an answer for each row in its order, each logged once', async () => {
    const before = (await served.logged()).flatMap(loggedIds).length;
    const { status, type, text } = await post(rows(1_000), { 'content-type': NDJSON });
    expect([status, type]).toEqual([200, `${NDJSON}; charset=utf-8`]);
    const answers = linesIn(text);
    expect(answers.map(({ row, outputs }) => [row, outputs?.y])).toEqual(
      Array.from({ length: 1_000 }, (_, x) => [x + 1, x + 1]),
    );
    const logged = (await served.logged()).flatMap(loggedIds).slice(before);
    expect(logged).toEqual(answers.map(({ id }) => id));
  });

  test('each row is answered as it comes, while the sender waits for that before it sends the next', async () => {
    const { call, reply } = await open();
    call.write('{"x":1}\n');
    const answers = createInterface({ input: await reply })[Symbol.asyncIterator]();
    for (let x = 1; x <= 20; x++) {
      const { value } = await answers.next();
      expect(JSON.parse(value as string)).toMatchObject({ row: x, outputs: { y: x + 1 } });
      call.write(`{"x":${x + 1}}\n`);
    }
    call.end();
    expect(JSON.parse((await answers.next()).value as string)).toMatchObject({ row: 21 });
    expect((await answers.next()).done).toBe(true);
  });

  test('a row that is wrong gets an error with its number and column, and the others their answers', async () => {
    const body = '{"x":1}\nnot json\n{"x":"two"}\n\n{"y":3}\n[4]\n{"x":5}\n{"x":"six"}\n{"x":7}';
    const { text } = await post(body, { 'content-type': NDJSON });
    const answers = linesIn(text);
    expect(answers.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(answers.map(({ outputs }) => outputs?.y ?? null)).toEqual([2, null, null, null, null, 6, null, 8]);
    expect(answers[2]?.error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'x',
      detail: expect.stringContaining('two'),
    });
    expect(answers[3]?.error).toMatchObject({ field: 'y' });
    expect(answers[4]?.error?.detail).toContain('not a JSON object');
    const good = (await served.logged()).flatMap(loggedIds).slice(-3);
    expect(good).toEqual(answers.flatMap(({ id }) => id ?? []));
  });

  test('bytes that are no text are the fault of their row; a line without end is the end', async () => {
    const response = await fetch(`${served.url}/models/plus/predict`, {
      method: 'POST',
      headers: { 'content-type': NDJSON },
      body: Buffer.concat([Buffer.from('{"x":1}\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('{"x":2}\n')]),
    });
    expect(linesIn(await response.text()).map(({ outputs, error }) => outputs?.y ?? error?.detail)).toEqual([
      2,
      'The line is no UTF-8 text',
      3,
    ]);
    const { text } = await post(`{"x":1}\n${'a'.repeat(2 << 20)}`, { 'content-type': NDJSON });
    const last = linesIn(text).at(-1);
    expect(last).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'body' } });
    expect(last).not.toHaveProperty('row');
  });

  test('no rows give no lines; a deployment that is not there is refused as such', async () => {
    expect(await post('', { 'content-type': NDJSON })).toMatchObject({ status: 200, text: '' });
    expect((await post(rows(1), { 'content-type': NDJSON }, 'nobody')).status).toBe(404);
  });
});

describe('one request of many rows', () => {
  const body = JSON.stringify({ rows: Array.from({ length: 600 }, (_, x) => ({ x: x === 300 ? 'bad' : x })) });
  const json = { 'content-type': 'application/json' };

  test('is answered line by line where that is accepted', async () => {
    const { type, text } = await post(body, { ...json, accept: NDJSON });
    expect(type).toContain(NDJSON);
    const answers = linesIn(text);
    expect(answers).toHaveLength(600);
    expect(answers[300]).toMatchObject({ row: 301, error: { field: 'x' } });
    expect(answers[599]).toMatchObject({ row: 600, outputs: { y: 600 } });
  });

  test('is answered by events, with progress and an end', async () => {
    const { type, text } = await post(body, { ...json, accept: 'text/event-stream' });
    expect(type).toContain('text/event-stream');
    const told = text
      .split('\n\n')
      .filter(Boolean)
      .map(
        (block) =>
          Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))) as Record<
            string,
            string
          >,
      );
    const of = (event: string) => told.filter((block) => block['event'] === event);
    expect(of('prediction')).toHaveLength(599);
    expect(of('row-error')).toMatchObject([{ id: '301' }]);
    expect(of('progress').map(({ data }) => JSON.parse(data ?? '') as unknown)).toEqual([
      { rows: 256, failed: 0 },
      { rows: 512, failed: 1 },
      { rows: 600, failed: 1 },
    ]);
    expect(told.at(-1)).toEqual({ event: 'done', data: '{"rows":600,"failed":1}' });
  });

  test('is refused as ever where it is no list of rows, and in one piece it is as it was', async () => {
    expect((await post('{"rows":[]}', { ...json, accept: NDJSON })).status).toBe(400);
    expect((await post(rows(2), { 'content-type': 'text/plain', accept: NDJSON })).status).toBe(415);
    expect((await post(body, json)).status).toBe(400);
  });
});

describe('nothing piles up', () => {
  test('a reader that does not read holds up the sender, and memory stays', async () => {
    const { hostname, port } = new URL(served.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.pause();
    socket.write(
      `POST /models/plus/predict HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${NDJSON}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const before = (await served.logged()).length;
    const piece = Buffer.from(rows(2_000));
    const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
    // The socket takes no more once the other side has stopped to read: so many bytes are on the way at most.
    let sent = 0;
    const most = 400;
    while (sent < most && socket.write(chunk)) sent += 1;
    while (sent < most) {
      const drained = await Promise.race([
        once(socket, 'drain').then(() => true),
        new Promise<false>((resolve) => setTimeout(() => resolve(false), 1_000)),
      ]);
      if (!drained) break;
      sent += 1;
      socket.write(chunk);
    }
    expect(sent).toBeLessThan(most);
    // What was sent and not answered waits on the sender's side and in the sockets: when he reads, all of it is.
    const answered = (await served.logged()).slice(before).flatMap(loggedIds).length;
    expect(answered).toBeLessThan(sent * 2_000);
    socket.write('0\r\n\r\n');
    let last = 0;
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      for (const [, row] of text.matchAll(/"row":(\d+),/g)) last = Number(row);
      text = text.slice(-200);
    });
    socket.resume();
    await expect.poll(() => text, { timeout: 25_000 }).toContain('0\r\n\r\n');
    expect(last).toBeGreaterThanOrEqual(sent * 2_000);
    socket.destroy();
  });

  test('a caller that is gone is answered no more', async () => {
    const { call, reply } = await open();
    call.on('error', () => {});
    call.write('{"x":1}\n');
    const answer = await reply;
    await once(answer, 'data');
    call.destroy();
    await expect.poll(() => served.calls.at(-1)?.route).toBe('/models/:deployment/predict');
    expect((await post(rows(1), { 'content-type': NDJSON })).status).toBe(200);
  });
});
