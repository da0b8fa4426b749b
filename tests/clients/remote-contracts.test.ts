// The contract of remotes against real servers: S3 by versitygw, SSH by OpenSSH. Where one cannot be had, its suite is
// skipped and its title says why.
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openS3Remote } from '../../packages/capstan/src/adapters/remote-s3/index.ts';
import { openSshRemote } from '../../packages/capstan/src/adapters/remote-ssh/index.ts';
import { describeObjectRemote } from '../../packages/capstan/src/ports/object-remote.contract.ts';
import { findSshd, ensureVersitygw } from '../../tools/tasks/ensure-servers.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { startSshServer, type SshServer } from '../support/ssh-server.ts';
import { emptyFolder } from '../support/server.ts';

const s3Program = await programOr(ensureVersitygw);
const sshProgram = await programOr(findSshd);

async function programOr(
  find: () => string | Promise<string>,
): Promise<{ readonly path: string; readonly lacks?: string }> {
  try {
    return { path: await find() };
  } catch (error) {
    return { path: '', lacks: error instanceof Error ? error.message : String(error) };
  }
}

const settingsOf = (url: string, options: Readonly<Record<string, string>>) => ({
  name: 'storage',
  url,
  folder: '/',
  options: new Map(Object.entries(options)),
});

describe.skipIf(s3Program.lacks)(`S3${s3Program.lacks ? `: skipped, ${s3Program.lacks}` : ''}`, () => {
  let server: S3Server;
  let places = 0;
  const keyOf = (secret: string) => ({ access_key_id: server.key, secret_access_key: secret });

  beforeAll(async () => {
    server = await startS3Server(s3Program.path);
  });

  afterAll(async () => await server.stop());

  describeObjectRemote('s3', async () => {
    const url = `s3://bucket/under/${places++}`;
    const endpoint = { endpointurl: server.url };
    return {
      remote: await openS3Remote(settingsOf(url, { ...endpoint, ...keyOf(server.secret) }), {}),
      asStranger: await openS3Remote(settingsOf(url, { ...endpoint, ...keyOf('wrong') }), {}),
      unreachable: await openS3Remote(settingsOf(url, { endpointurl: 'http://127.0.0.1:9', ...keyOf('x') }), {}),
      leftovers: async () => server.leftovers(),
      close: async () => {},
    };
  });

  test('a bucket that is not there is told from an object that is not', async () => {
    const options = { endpointurl: server.url, ...keyOf(server.secret) };
    const remote = await openS3Remote(settingsOf('s3://none/x', options), {});
    await expect(remote.read('a')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', hint: /bucket/i });
    const listed = async () => {
      for await (const page of remote.list('files')) expect(page).toEqual([]);
    };
    await expect(listed()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await remote.close();
  });

  test('keys of the environment do, and the whole bucket', async () => {
    const remote = await openS3Remote(settingsOf('s3://bucket', {}), { AWS_ENDPOINT_URL: server.url });
    process.env['AWS_ACCESS_KEY_ID'] = server.key;
    process.env['AWS_SECRET_ACCESS_KEY'] = server.secret;
    try {
      expect(await remote.has('none')).toBe(false);
    } finally {
      delete process.env['AWS_ACCESS_KEY_ID'];
      delete process.env['AWS_SECRET_ACCESS_KEY'];
      await remote.close();
    }
  });

  test("a bucket's name that can be none is said", async () => {
    const options = { endpointurl: server.url, ...keyOf(server.secret) };
    const remote = await openS3Remote(settingsOf('s3://ab/x', options), {});
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, 'bytes');
    await expect(remote.write('a', file)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', hint: /bucket/ });
    await remote.close();
  });

  test('objects go over by plain calls, wherever they are kept; what fails is done again by the SDK', async () => {
    const callers: string[] = [];
    // In between, with the name of the server that the caller signs for.
    const between = createServer((request, response) => {
      callers.push(`${request.method} ${/aws-sdk/.test(request.headers['user-agent'] ?? '') ? 'SDK' : 'plain'}`);
      if (callers.length === 1) {
        response.writeHead(503).end();
        return;
      }
      const { method, url, headers } = request;
      const onward = httpRequest(`${server.url}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    const { port } = between.address() as AddressInfo;
    const options = { endpointurl: `http://127.0.0.1:${port}`, ...keyOf(server.secret) };
    const remote = await openS3Remote(settingsOf("s3://bucket/it's (ü) a+b/*!~", options), {});
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, 'bytes');
    await remote.write('files/md5/ab/c', file);
    expect(callers).toEqual(['PUT plain', 'PUT SDK']);
    await remote.write('files/md5/ab/d', file);
    for (const path of ['files/md5/ab/c', 'files/md5/ab/d']) {
      expect(await remote.has(path)).toBe(true);
      const { bytes, sizeBytes } = await remote.read(path);
      let text = '';
      for await (const piece of bytes) text += Buffer.from(piece).toString();
      expect([sizeBytes, text]).toEqual([5, 'bytes']);
    }
    for await (const page of remote.list('files')) expect(page).toEqual(['files/md5/ab/c', 'files/md5/ab/d']);
    expect(callers.slice(2)).toEqual(['PUT', 'HEAD', 'GET', 'HEAD', 'GET', 'GET'].map((method) => `${method} plain`));
    await remote.close();
    between.close();
  });

  test.each([
    ['s3:///x', {}],
    ['s3://bucket', { access_key_id: 'x' }],
  ])('settings of no use are refused: %s %o', async (url, options) => {
    await expect(openS3Remote(settingsOf(url, options), {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe.skipIf(sshProgram.lacks)(`SSH${sshProgram.lacks ? `: skipped, ${sshProgram.lacks}` : ''}`, () => {
  let server: SshServer;
  const opened = (folder: string, options: Readonly<Record<string, string>>) =>
    openSshRemote(settingsOf(`ssh://${server.user}@127.0.0.1:${server.port}${folder}`, options), {
      PATH: server.path,
    });

  beforeAll(async () => {
    server = await startSshServer(sshProgram.path);
  });

  afterAll(async () => await server.stop());

  describeObjectRemote('ssh', async () => {
    const folder = join(emptyFolder(), 'storage');
    return {
      remote: opened(folder, { keyfile: server.keyFile }),
      asStranger: opened(folder, { keyfile: server.strangeKeyFile }),
      unreachable: openSshRemote(settingsOf('ssh://127.0.0.1:9/x', {}), { PATH: server.path }),
      leftovers: async () =>
        existsSync(folder)
          ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tmp'))
          : [],
      close: async () => {},
    };
  });

  test('a host whose key is not known is not talked to', async () => {
    const settings = settingsOf(`ssh://${server.user}@localhost:${server.port}/x`, { keyfile: server.keyFile });
    const remote = openSshRemote(settings, { PATH: server.path });
    await expect(remote.has('a')).rejects.toMatchObject({ code: 'PERMISSION_DENIED', hint: /ssh HOST/ });
    await remote.close();
  });

  test('without an ssh program it says which one', async () => {
    const remote = openSshRemote(settingsOf('ssh://127.0.0.1/x', {}), { PATH: '/nowhere' });
    await expect(remote.has('a')).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED', hint: /openssh-client/ });
    await remote.close();
  });

  test('an option in the place of a host is none', () => {
    const open = () => openSshRemote(settingsOf('ssh://-oProxyCommand=touch/x', {}), {});
    expect(open).toThrow(/without a host/);
  });
});
