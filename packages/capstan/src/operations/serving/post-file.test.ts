import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { postFile } from './post-file.ts';

let folder: string;
let server: Server;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-post-'));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function listen(listener: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(listener ?? (() => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/segments/1`;
}

const options = { headers: { 'x-capstan-replica': 'rp_1' }, timeoutMs: 10_000 };

it.each([0, 1, 65_536, 1_000_001])(
  'a file of %i bytes arrives as it is, also at a reader that is slow',
  async (size) => {
    const bytes = randomBytes(size);
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    const got: Buffer[] = [];
    const url = await listen((request, response) => {
      request.on('data', (chunk: Buffer) => {
        got.push(chunk);
        request.pause();
        setImmediate(() => request.resume());
      });
      request.on('end', () => response.end(`${request.method} ${request.headers['x-capstan-replica'] as string}`));
    });
    expect(await postFile(url, path, options)).toEqual({ status: 200, text: 'POST rp_1' });
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
  },
);

it('an answer that comes before the end of the file is told', async () => {
  const path = join(folder, 'file');
  await writeFile(path, randomBytes(20_000_000));
  const url = await listen((request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too large');
    request.resume();
  });
  expect(await postFile(url, path, options)).toEqual({ status: 413, text: 'too large' });
});

it('nobody there, and somebody who never reads, fail', async () => {
  const path = join(folder, 'file');
  await writeFile(path, randomBytes(20_000_000));
  const url = await listen((request) => request.pause());
  await expect(postFile(url, path, { ...options, timeoutMs: 300 })).rejects.toThrow(/abort/i);
  await new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
  await expect(postFile(url, path, options)).rejects.toThrow('ECONNREFUSED');
});
