import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeObjectRemote } from '#ports/object-remote.contract';
import { answerOf, readChallenge } from './digest-answer.ts';
import { openHttpRemote } from './http-remote.ts';
import { fileServer } from './testing.ts';

const opened: Server[] = [];

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  opened.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stopAll(): Promise<void> {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

function openedAt(url: string, options: Readonly<Record<string, string>> = {}) {
  return openHttpRemote({ name: 'storage', url, folder: '/', options: new Map(Object.entries(options)) }, {});
}

const BASIC = { auth: 'basic', user: 'ada', password: 'sëcret' };

describeObjectRemote(
  'http',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'remote-http-'));
    const expected = `Basic ${Buffer.from('ada:sëcret').toString('base64')}`;
    const url = await listening(
      fileServer(folder, (request, response) => {
        if (request.headers.authorization === expected) return true;
        request.resume();
        response.writeHead(401).end();
        return false;
      }),
    );
    return {
      remote: openedAt(`${url}/under/here`, BASIC),
      asStranger: openedAt(`${url}/under/here`, { ...BASIC, password: 'wrong' }),
      unreachable: openedAt('http://127.0.0.1:9/'),
      leftovers: async () =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.part')),
      close: async () => {
        await stopAll();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { cannotRemove: true },
);

describe('an HTTP server as a remote', () => {
  afterEach(stopAll);

  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

  it('is answered as in the example of RFC 2617', () => {
    const challenge = readChallenge(
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    );
    expect(challenge).toBeDefined();
    if (!challenge) return;
    const place = { method: 'GET', path: '/dir/index.html', count: 1 };
    const answer = answerOf(challenge, { user: 'Mufasa', password: 'Circle Of Life' }, place, '0a4f113b');
    expect(answer).toContain('response="6629fae49393a05397450978507c4ef1"');
    expect(answer).toContain('opaque="5ccc069c403ebaf9f0171e9517f40e41"');
    expect(readChallenge('Basic realm="x"')).toBeUndefined();
  });

  it('lets in who answers its digest, also for the next call and after a new question', async () => {
    let nonce = 'one';
    let questions = 0;
    const url = await listening((request, response) => {
      const given = /nonce="([^"]*)".*response="([^"]*)".*nc=(\w+), cnonce="([^"]*)"/.exec(
        request.headers.authorization ?? '',
      );
      const secret = md5('ada:here:secret');
      const right =
        given && md5(`${secret}:${nonce}:${given[3]}:${given[4]}:auth:${md5(`${request.method}:${request.url}`)}`);
      if (given?.[2] === right) return void response.writeHead(request.url?.endsWith('none') ? 404 : 200).end('x');
      questions++;
      response.writeHead(401, { 'www-authenticate': `Digest realm="here", qop="auth", nonce="${nonce}"` }).end();
    });
    const remote = openedAt(url, { auth: 'digest', user: 'ada', password: 'secret' });
    expect(await remote.has('a')).toBe(true);
    expect(await remote.has('none')).toBe(false);
    nonce = 'two';
    expect(await remote.has('a')).toBe(true);
    expect(questions).toBe(2);
    await remote.close();
    const stranger = openedAt(url, { auth: 'digest', user: 'ada', password: 'wrong' });
    await expect(stranger.has('a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await stranger.close();
  });

  it('is told a header of its own, but nobody else is to whom it leads', async () => {
    const seen: (string | string[] | undefined)[] = [];
    const other = await listening((request, response) => {
      seen.push(request.headers['private-token']);
      response.end('there');
    });
    const url = await listening((request, response) => {
      seen.push(request.headers['private-token']);
      response.writeHead(302, { location: `${other}/else` }).end();
    });
    const remote = openedAt(url, { auth: 'custom', custom_auth_header: 'PRIVATE-TOKEN', password: 'secret' });
    expect(await remote.has('a')).toBe(true);
    expect(seen).toEqual(['secret', undefined]);
    await remote.close();
  });

  it('is asked by GET where it knows no HEAD, and written to by the method that is set', async () => {
    const methods: (string | undefined)[] = [];
    const url = await listening((request, response) => {
      methods.push(request.method);
      request.resume();
      response.writeHead(request.method === 'HEAD' ? 405 : request.url === '/none' ? 404 : 200).end();
    });
    const file = join(mkdtempSync(join(tmpdir(), 'remote-http-')), 'file');
    writeFileSync(file, 'x');
    const remote = openedAt(url, { method: 'put' });
    expect([await remote.has('a'), await remote.has('none')]).toEqual([true, false]);
    await remote.write('a', file);
    expect(methods).toEqual(['HEAD', 'GET', 'HEAD', 'GET', 'PUT']);
    await remote.close();
    rmSync(dirname(file), { recursive: true });
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    [403, 'PERMISSION_DENIED'],
    [429, 'UNAVAILABLE'],
    [502, 'UNAVAILABLE'],
    [507, 'STORAGE_FULL'],
    [405, 'NOT_IMPLEMENTED'],
  ])('that answers %i says what it means', async (status, code) => {
    const url = await listening((_, response) => void response.writeHead(status).end());
    const remote = openedAt(url);
    await expect(remote.read('a')).rejects.toMatchObject({ code, field: 'remote.storage' });
    await remote.close();
  });

  it('that says nothing, or no more, is not waited for', async () => {
    const silent = openedAt(await listening(() => {}), { read_timeout: '0.05' });
    await expect(silent.has('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await silent.close();
    const cut = await listening((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => response.destroy(), 20);
    });
    const remote = openedAt(cut);
    const { bytes } = await remote.read('a');
    await expect(
      (async () => {
        for await (const piece of bytes) expect(piece.length).toBe(4);
      })(),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await remote.close();
  });

  it.each([
    [{ auth: 'basic', user: 'ada' }, 'password'],
    [{ auth: 'custom', password: 'x' }, 'custom_auth_header'],
    [{ auth: 'digest', password: 'x' }, 'user'],
  ])('needs all of a way to sign in: %o', (options, lacking) => {
    const open = () => openedAt('http://127.0.0.1:9/', options);
    expect(open).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(lacking) as unknown,
      }) as Error,
    );
  });

  it('keeps a password of its url out of what it says', async () => {
    const remote = openedAt('http://ada:secret@127.0.0.1:9/x');
    expect(remote.address).toBe('http://127.0.0.1:9/x');
    await expect(remote.has('a')).rejects.not.toThrow(/secret/);
    await remote.close();
  });
});
