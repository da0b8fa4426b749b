import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { defineRawRoute } from '@capstan/api';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DomainError } from '#kernel/errors';
import { bindRaw } from './bind.ts';
import { startTestServer } from './testing.ts';

const PIECE_BYTES = 200_000;
const file = defineRawRoute({
  name: 'test.file',
  method: 'GET',
  path: '/file/:breaksAt',
  summary: 'Lends its pieces from one buffer, and may fail at one of them',
  permission: 'read',
  bodyLimitBytes: 0,
  audit: 'none',
  protocol: 'mlflow',
  bodyAs: 'stream',
});

describe('lent bytes', () => {
  let url: string;
  let given: number;
  const close = vi.fn(async () => {});
  const answered = vi.fn();

  beforeEach(async () => {
    given = 0;
    close.mockClear();
    answered.mockClear();
    const handle = bindRaw(file, async ({ params }) => ({
      status: 200,
      headers: { 'content-length': String(50 * PIECE_BYTES), etag: '"e"' },
      body: { close, [Symbol.asyncIterator]: () => pieces(Number(params['breaksAt'])) },
    }));
    ({ url } = await startTestServer({
      bound: [handle],
      errorRenderers: { mlflow: (error) => ({ status: 418, body: JSON.stringify({ error_code: error.code }) }) },
      onAnswer: answered,
    }));
  });

  async function* pieces(breaksAt: number): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (; given < 50; given++) {
      if (given === breaksAt) throw new DomainError('DATA_LOSS', 'Damaged');
      yield buffer.fill(given);
      // Whoever still needs them now has waited too long.
      buffer.fill(255);
    }
  }

  function ask(): Socket {
    const { host, port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`GET /file/99 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return socket;
  }

  test('arrive as they were, though their memory is used again', async () => {
    const answer = await fetch(`${url}/file/99`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"e"');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const bytes = Buffer.from(await answer.arrayBuffer());
    const right = Buffer.concat(Array.from({ length: 50 }, (_, index) => Buffer.alloc(PIECE_BYTES, index)));
    expect(bytes.equals(right)).toBe(true);
    await vi.waitFor(() => expect(answered).toHaveBeenCalledWith('/file/:breaksAt', 200, expect.any(Number)));
    expect(close).toHaveBeenCalled();
  });

  test('that fail before the first are an error, later a broken connection', async () => {
    const refused = await fetch(`${url}/file/0`);
    expect([refused.status, await refused.text()]).toEqual([418, '{"error_code":"DATA_LOSS"}']);
    const broken = await fetch(`${url}/file/1`);
    await expect(broken.arrayBuffer()).rejects.toThrow('terminated');
    expect(close).toHaveBeenCalledTimes(2);
  });

  test('are let go of when the caller hangs up in their middle', async () => {
    const socket = ask();
    await once(socket, 'data');
    socket.destroy();
    await vi.waitFor(() => expect(close).toHaveBeenCalled());
    expect(given).toBeLessThan(50);
  });

  test('are let go of when he does while another answer stands before theirs', async () => {
    const socket = ask().pause();
    const { host } = new URL(url);
    socket.write(`GET /file/99 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await vi.waitFor(() => expect(given).toBeGreaterThan(1));
    await setTimeout(200);
    socket.destroy();
    await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(2));
  });

  test('are not asked for faster than the caller takes them', async () => {
    const socket = ask().pause();
    let before = -1;
    await vi.waitFor(
      () => {
        const isStill = given === before;
        before = given;
        expect(isStill && given > 0).toBe(true);
      },
      { interval: 200, timeout: 10_000 },
    );
    expect(given).toBeLessThan(50);
    socket.destroy();
    await vi.waitFor(() => expect(close).toHaveBeenCalled());
  });
});
