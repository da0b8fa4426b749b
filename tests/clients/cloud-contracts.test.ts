// The contract of remotes against servers that speak as the clouds do: fake-gcs-server, built by Go, and Microsoft's Azurite.
// Where one cannot be had, its suite is skipped and its title says why.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAzureRemote, openGsRemote } from '../../packages/capstan/src/adapters/remote-cloud/index.ts';
import { describeObjectRemote } from '../../packages/capstan/src/ports/object-remote.contract.ts';
import type { ObjectRemote } from '../../packages/capstan/src/ports/object-remote.ts';
import { ensureAzurite, ensureFakeGcsServer } from '../../tools/tasks/ensure-servers.ts';
import { startAzureServer, type AzureServer } from '../support/azure-server.ts';
import { startGcsServer, type GcsServer } from '../support/gcs-server.ts';
import { emptyFolder } from '../support/server.ts';

const gcsProgram = await programOr(ensureFakeGcsServer);
const azureProgram = await programOr(ensureAzurite);

async function programOr(find: () => Promise<string>): Promise<{ readonly path: string; readonly lacks?: string }> {
  try {
    return { path: await find() };
  } catch (error) {
    return { path: '', lacks: error instanceof Error ? error.message : String(error) };
  }
}

const titleOf = (name: string, lacks: string | undefined): string =>
  lacks === undefined ? name : `${name}: skipped, ${lacks}`;

const settingsOf = (url: string, options: Readonly<Record<string, string>>) => ({
  name: 'storage',
  url,
  folder: '/',
  options: new Map(Object.entries(options)),
});

async function listedOf(remote: ObjectRemote, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const page of remote.list(folder)) paths.push(...page);
  return paths;
}

/** Their paths, in order. */
async function writeMany(remote: ObjectRemote, count: number): Promise<string[]> {
  const file = join(emptyFolder(), 'f');
  writeFileSync(file, 'x');
  const paths = Array.from({ length: count }, (_, index) => `files/md5/aa/${index}`);
  await Promise.all(paths.map((path) => remote.write(path, file)));
  return paths.toSorted();
}

/** Of several pieces, with a last one that is short. */
async function crossesWhole(remote: ObjectRemote): Promise<void> {
  const bytes = randomBytes((24 << 20) + 17);
  const file = join(emptyFolder(), 'large');
  writeFileSync(file, bytes);
  await remote.write('files/md5/aa/large', file);
  const hash = createHash('md5');
  for await (const piece of (await remote.read('files/md5/aa/large')).bytes) hash.update(piece);
  expect(hash.digest('hex')).toBe(createHash('md5').update(bytes).digest('hex'));
}

describe.skipIf(gcsProgram.lacks)(titleOf('Google Cloud Storage', gcsProgram.lacks), () => {
  let server: GcsServer;
  let places = 0;
  const opened = (url: string, namesAPage?: number) =>
    openGsRemote(settingsOf(url, { endpointurl: server.url, allow_anonymous_login: 'true' }), {}, namesAPage);

  beforeAll(async () => {
    server = await startGcsServer(gcsProgram.path);
  });

  afterAll(async () => await server.stop());

  describeObjectRemote('gs', async () => {
    const none = { endpointurl: 'http://127.0.0.1:9', allow_anonymous_login: 'true' };
    return {
      remote: opened(`gs://bucket/under/${places++}`),
      unreachable: openGsRemote(settingsOf('gs://bucket/x', none), {}),
      leftovers: async () => [],
      close: async () => {},
    };
  });

  test('a list goes over its pages', async () => {
    const remote = opened('gs://bucket/pages', 7);
    const paths = await writeMany(remote, 30);
    expect((await listedOf(remote, 'files')).toSorted()).toEqual(paths);
    await remote.remove(paths);
    expect(await listedOf(remote, '')).toEqual([]);
    await remote.close();
  });

  test('a file of several pieces arrives whole', async () => {
    const remote = opened('gs://bucket/pieces');
    await crossesWhole(remote);
    await remote.close();
  });

  test('a bucket that is not there is told from an object that is not', async () => {
    const remote = opened('gs://none/x');
    const unfit = { code: 'INVALID_ARGUMENT', hint: expect.stringContaining('bucket') as unknown };
    const file = join(emptyFolder(), 'f');
    writeFileSync(file, 'x');
    await expect(listedOf(remote, 'files')).rejects.toMatchObject(unfit);
    await expect(remote.write('a', file)).rejects.toMatchObject(unfit);
    await remote.close();
  });

  test('the variable of the emulators does, and the whole bucket', async () => {
    const remote = openGsRemote(settingsOf('gs://bucket', {}), { STORAGE_EMULATOR_HOST: server.url.slice(7) });
    expect(await remote.has('none')).toBe(false);
    await remote.close();
  });
});

describe.skipIf(azureProgram.lacks)(titleOf('Azure Blob Storage', azureProgram.lacks), () => {
  let server: AzureServer;
  let places = 0;
  const opened = (url: string, options: Readonly<Record<string, string>>, namesAPage?: number) =>
    openAzureRemote(settingsOf(url, options), { AZURE_CONFIG_DIR: '/nowhere' }, namesAPage);
  const connection = (key = server.key) => ({ connection_string: server.connectionString.replace(server.key, key) });

  beforeAll(async () => {
    server = await startAzureServer(azureProgram.path);
  });

  afterAll(async () => await server.stop());

  describeObjectRemote('azure', async () => {
    const nowhere = `BlobEndpoint=http://127.0.0.1:9/x;AccountName=x;AccountKey=eA==`;
    const url = `azure://container/under/${places++}`;
    return {
      remote: opened(url, connection()),
      asStranger: opened(url, connection(Buffer.from('another key').toString('base64'))),
      unreachable: opened('azure://container/x', { connection_string: nowhere }),
      leftovers: async () => [],
      close: async () => {},
    };
  });

  test('a list goes over its pages', async () => {
    const remote = opened('azure://container/pages', connection(), 7);
    const paths = await writeMany(remote, 30);
    expect((await listedOf(remote, 'files')).toSorted()).toEqual(paths);
    await remote.close();
  });

  test('a file of several blocks arrives whole', async () => {
    const remote = opened('azure://container/blocks', connection());
    await crossesWhole(remote);
    await remote.close();
  });

  test('a container that is not there is told from a blob that is not', async () => {
    const remote = opened('azure://none/x', connection());
    const unfit = { code: 'INVALID_ARGUMENT', hint: expect.stringContaining('container') as unknown };
    await expect(remote.has('a')).rejects.toMatchObject(unfit);
    await expect(listedOf(remote, 'files')).rejects.toMatchObject(unfit);
    await remote.close();
  });

  test('a signed address does what it allows', async () => {
    const [all, reading] = [server.sas, server.readingSas].map((sas) => ({
      connection_string: `BlobEndpoint=${server.endpoint};SharedAccessSignature=${sas}`,
    }));
    const remote = opened('azure://container/signed', all ?? {});
    const reader = opened('azure://container/signed', reading ?? {});
    const file = join(emptyFolder(), 'f');
    writeFileSync(file, 'x');
    await remote.write('ü a', file);
    expect(await listedOf(remote, '')).toEqual(['ü a']);
    expect(await reader.has('ü a')).toBe(true);
    await expect(reader.write('b', file)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await remote.close();
    await reader.close();
  });

  test('nobody is told how to say who he is', async () => {
    const remote = opened('azure://container/x', { connection_string: `BlobEndpoint=${server.endpoint}` });
    await expect(remote.has('a')).rejects.toMatchObject({
      code: expect.stringMatching(/UNAUTHENTICATED|PERMISSION_DENIED/) as unknown,
    });
    await remote.close();
  });

  test('settings of az do', async () => {
    const folder = emptyFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'config'),
      `[core]\nkey = x\n[storage]\nconnection_string = ${server.connectionString}\n`,
    );
    const remote = openAzureRemote(settingsOf('azure://container', {}), { AZURE_CONFIG_DIR: folder });
    expect(await remote.has('none')).toBe(false);
    await remote.close();
  });
});
