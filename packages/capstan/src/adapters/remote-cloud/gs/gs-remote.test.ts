import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, settingsOf, type AnsweringServer, type Asked } from '../testing.ts';
import { openGsRemote } from './gs-remote.ts';

let folder = '';
let server: AnsweringServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remote-gs-'));
});

afterEach(() => {
  server?.stop();
  rmSync(folder, { recursive: true });
});

function fileOf(bytes: string | Buffer): string {
  const file = join(folder, randomBytes(4).toString('hex'));
  writeFileSync(file, bytes);
  return file;
}

async function openedAt(answer: (asked: Asked, response: ServerResponse) => void) {
  server = await answering(answer);
  const options = { endpointurl: server.url, allow_anonymous_login: 'true' };
  return openGsRemote(settingsOf('gs://bucket/under', options), {});
}

describe('settings', () => {
  it.each([
    ['gs:///x', {}],
    ['gs://bucket', { endpointurl: 'storage' }],
  ])('of no use are refused: %s %o', (url, options) => {
    expect(() => openGsRemote(settingsOf(url, options), {})).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        field: 'remote.storage',
        hint: expect.any(String) as unknown,
      }),
    );
  });
});

describe('who asks', () => {
  it('is told by the token of a key file, which is asked for once', async () => {
    server = await answering(({ url }, response) => {
      response.setHeader('content-type', 'application/json');
      if (url === '/token') {
        const token = { access_token: 'of-google', token_type: 'Bearer', expires_in: 3600 };
        response.end(JSON.stringify({ ...token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }));
      } else response.end('{}');
    });
    const subject = fileOf('a token of another cloud');
    const key = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${server.url}/token`,
      credential_source: { file: subject },
    };
    const options = { endpointurl: server.url, credentialpath: fileOf(JSON.stringify(key)) };
    const remote = openGsRemote(settingsOf('gs://bucket', options), {});
    expect(await remote.has('a')).toBe(true);
    expect(await remote.has('b')).toBe(true);
    expect(server.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/token', undefined],
      ['/storage/v1/b/bucket/o/a?fields=name', 'Bearer of-google'],
      ['/storage/v1/b/bucket/o/b?fields=name', 'Bearer of-google'],
    ]);
    await remote.close();
  });

  it.each([
    ['not there', undefined],
    ['no JSON', '{'],
    ['of no known type', '{"type": "toast"}'],
    ['half of one', '{"type": "service_account", "client_email": "a@b"}'],
  ])('is not known by a key file that is %s', async (_, content) => {
    const file = content === undefined ? join(folder, 'none') : fileOf(content);
    const remote = openGsRemote(settingsOf('gs://bucket', { credentialpath: file }), {});
    await expect(remote.has('a')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: expect.stringContaining('credentialpath') as unknown,
    });
    await remote.close();
  });
});

describe('refusals', () => {
  const reasoned = (reason: string) => JSON.stringify({ error: { message: 'why', errors: [{ reason }] } });

  it.each([
    [401, reasoned('required'), 'UNAUTHENTICATED'],
    [403, reasoned('forbidden'), 'PERMISSION_DENIED'],
    [403, reasoned('rateLimitExceeded'), 'UNAVAILABLE'],
    [429, reasoned('rateLimitExceeded'), 'UNAVAILABLE'],
    [503, 'a page of a proxy', 'UNAVAILABLE'],
    [400, reasoned('invalid'), 'INVALID_ARGUMENT'],
  ])('%i %s', async (status, body, code) => {
    const remote = await openedAt((_, response) => void response.writeHead(status).end(body));
    const failed = { code, message: expect.stringContaining("The remote 'storage'") as unknown };
    await expect(remote.has('a')).rejects.toMatchObject(failed);
    await expect(remote.write('a', fileOf('x'))).rejects.toMatchObject(failed);
    await remote.close();
  });

  it('ended half way, a read says so', async () => {
    const remote = await openedAt((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('abc', () => response.destroy());
    });
    const { bytes } = await remote.read('a');
    const read = async () => {
      for await (const piece of bytes) expect(String(piece)).toBe('abc');
    };
    await expect(read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await remote.close();
  });
});

describe('a large file', () => {
  const bytes = randomBytes((17 << 20) + 5);
  const md5 = createHash('md5').update(bytes).digest('hex');

  /** Keeps what arrives as Google does, and fails as often as it is told to. */
  function resumable(failures: { left: number; keptOfFailed: number }) {
    const kept: Buffer[] = [];
    const size = () => kept.reduce((sum, piece) => sum + piece.length, 0);
    return {
      md5: () => createHash('md5').update(Buffer.concat(kept)).digest('hex'),
      answer({ method, headers, body }: Asked, response: ServerResponse) {
        if (method === 'POST') return response.writeHead(200, { location: '/session' }).end();
        if (method === 'DELETE') return response.writeHead(499).end();
        const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(String(headers['content-range'])) ?? [];
        if (start !== undefined && failures.left > 0) {
          failures.left--;
          kept.push(body.subarray(0, failures.keptOfFailed));
          return response.destroy();
        }
        if (start !== undefined) {
          expect(Number(start)).toBe(size());
          kept.push(body);
        }
        if (size() === Number(total)) return response.writeHead(200).end('{}');
        return response.writeHead(308, size() === 0 ? {} : { range: `bytes=0-${size() - 1}` }).end();
      },
    };
  }

  it.each([
    ['at once', 0, 0],
    ['where connections break', 3, 1 << 18],
    ['where nothing of a piece was kept', 2, 0],
  ])('arrives %s', async (_, left, keptOfFailed) => {
    const store = resumable({ left, keptOfFailed });
    const remote = await openedAt((asked, response) => void store.answer(asked, response));
    await remote.write('a', fileOf(bytes));
    expect(store.md5()).toBe(md5);
    await remote.close();
  });

  it('is given up where nothing gets through', async () => {
    const store = resumable({ left: Number.POSITIVE_INFINITY, keptOfFailed: 0 });
    const remote = await openedAt((asked, response) => void store.answer(asked, response));
    await expect(remote.write('a', fileOf(bytes))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(server?.asked.at(-1)).toMatchObject({ method: 'DELETE', url: '/session' });
    await remote.close();
  });
});
