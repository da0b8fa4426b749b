import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore, Digest } from '#ports/blob-store';
import { describeBlobStore } from '#ports/blob-store.contract';
import { createBlobFs } from './index.ts';

const DAY_MS = 86_400_000;

function fileOf(root: string, digest: Digest): string {
  return join(root, 'sha256', digest.slice(7, 9), digest.slice(9));
}

async function flipByte(root: string, digest: Digest, offset: number): Promise<void> {
  const file = fileOf(root, digest);
  const bytes = await readFile(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  await chmod(file, 0o644);
  await writeFile(file, bytes);
  await chmod(file, 0o444);
}

async function digestsIn(store: BlobStore): Promise<Digest[]> {
  const digests: Digest[] = [];
  for await (const blob of store.list(0)) digests.push(blob.digest);
  return digests;
}

async function makeRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'capstan-blob-fs-'));
}

describeBlobStore('blob-fs', async () => {
  const root = await makeRoot();
  return {
    store: await createBlobFs({ root }),
    flipByte: (digest, offset) => flipByte(root, digest, offset),
    leftovers: () => readdir(join(root, 'tmp')),
    close: () => rm(root, { recursive: true }),
  };
});

describe('blob-fs', () => {
  let root: string;
  beforeEach(async () => {
    root = await makeRoot();
  });
  afterEach(() => rm(root, { recursive: true }));

  it('puts back what a killed process had taken out and not judged', async () => {
    const { digest } = await (await createBlobFs({ root })).put(Buffer.from('hello'));
    await mkdir(join(root, 'condemned'), { recursive: true });
    await rename(fileOf(root, digest), join(root, 'condemned', digest.slice(7)));
    const store = await createBlobFs({ root });
    expect((await buffer(await store.read(digest))).toString()).toBe('hello');
    expect(await readdir(join(root, 'condemned'))).toEqual([]);
  });

  it('loses no put to a deletion at the same time', async () => {
    const store = await createBlobFs({ root });
    const bytes = Buffer.from('wanted and not wanted');
    for (let round = 0; round < 50; round++) {
      const { digest } = await store.put(bytes);
      const then = new Date(Date.now() - DAY_MS);
      await utimes(fileOf(root, digest), then, then);
      await Promise.all([store.deleteUnused(digest, 60_000), store.put(bytes), store.deleteUnused(digest, 60_000)]);
      expect(await store.has(digest), `round ${round}`).toBe(true);
    }
  });

  it('follows no symbolic link that was planted in its place', async () => {
    const store = await createBlobFs({ root });
    const outside = join(root, 'outside');
    await writeFile(outside, 'canary');
    const { digest } = await store.put(Buffer.from('hello'));
    await rm(fileOf(root, digest));
    await symlink(outside, fileOf(root, digest));
    const refused = { code: 'DATA_LOSS' };
    await expect(store.read(digest, { start: 0, end: 3 })).rejects.toMatchObject(refused);
    await expect(store.read(digest)).rejects.toMatchObject(refused);
    await expect(store.localFile(digest)).rejects.toMatchObject(refused);
    const { digest: other } = await store.put(Buffer.from('other'));
    const shard = join(root, 'sha256', other.slice(7, 9));
    await rename(shard, join(root, 'moved'));
    await symlink(join(root, 'moved'), shard);
    await expect(store.read(other, { start: 0, end: 3 })).rejects.toMatchObject(refused);
    await expect(store.localFile(other)).rejects.toMatchObject(refused);
  });

  it('lays blobs out by the first two digits of their digest, for reading only', async () => {
    const store = await createBlobFs({ root });
    const { digest } = await store.put(Buffer.from('hello'));
    expect(digest).toBe('sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    const file = join(root, 'sha256/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    expect(await readFile(file, 'utf8')).toBe('hello');
    expect((await stat(file)).mode & 0o777).toBe(0o444);
    expect(await store.localFile(digest)).toBe(file);
  });

  it('finds what an earlier process stored and passes over files that are none of its own', async () => {
    const { digest } = await (await createBlobFs({ root })).put(Buffer.from('kept'));
    await mkdir(join(root, 'sha256/zz'));
    await writeFile(join(root, 'sha256/zz/file'), 'x');
    await writeFile(join(root, 'sha256/.DS_Store'), 'x');
    await writeFile(join(root, 'sha256', digest.slice(7, 9), 'README'), 'x');
    const store = await createBlobFs({ root });
    expect(await digestsIn(store)).toEqual([digest]);
    expect(await buffer(await store.read(digest))).toEqual(Buffer.from('kept'));
  });

  it('sees damage in a file whose size and modification time are as before', async () => {
    const store = await createBlobFs({ root });
    const { digest } = await store.put(Buffer.alloc(1000, 7));
    const time = new Date('2026-01-01T00:00:00Z');
    await utimes(fileOf(root, digest), time, time);
    const path = await store.localFile(digest);
    await flipByte(root, digest, 500);
    await utimes(path, time, time);
    await expect(store.localFile(digest)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it.each(['shorter', 'longer'])('sees that a file has become %s', async (change) => {
    const store = await createBlobFs({ root });
    const bytes = Buffer.alloc(600_000, 7);
    const { digest } = await store.put(bytes);
    const file = fileOf(root, digest);
    await chmod(file, 0o644);
    await writeFile(file, change === 'shorter' ? bytes.subarray(1) : Buffer.concat([bytes, Buffer.from([7])]));
    await expect(buffer(await store.read(digest))).rejects.toMatchObject({ code: 'DATA_LOSS' });
    await expect(store.localFile(digest)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('makes a blob young again when its bytes are put again, so that a sweep spares it', async () => {
    const store = await createBlobFs({ root });
    const bytes = Buffer.from('an orphan, then wanted');
    const { digest } = await store.put(bytes);
    const olderThanAnHour = async () => {
      for await (const blob of store.list(3_600_000)) return blob.digest;
      return undefined;
    };
    for (const again of [bytes, Readable.from([bytes])]) {
      const old = new Date(Date.now() - 2 * DAY_MS);
      await utimes(fileOf(root, digest), old, old);
      expect(await olderThanAnHour()).toBe(digest);
      await store.put(again);
      expect(await olderThanAnHour()).toBeUndefined();
    }
  });

  it('sweeps at open what stood still in tmp for more than a day, and nothing younger', async () => {
    await createBlobFs({ root });
    await writeFile(join(root, 'tmp/old'), 'x');
    await writeFile(join(root, 'tmp/young'), 'x');
    const old = new Date(Date.now() - DAY_MS - 60_000);
    await utimes(join(root, 'tmp/old'), old, old);
    await createBlobFs({ root });
    expect(await readdir(join(root, 'tmp'))).toEqual(['young']);
  });
});

/** Runs a script in another Node.js with this store opened as `store`, and gives its lines as they come. */
function inAnotherProcess(root: string, script: string) {
  const source = `
    import { createBlobFs } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    import { Readable } from 'node:stream';
    const store = await createBlobFs({ root: ${JSON.stringify(root)} });
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

describe('blob-fs when its process is killed', () => {
  let root: string;
  beforeEach(async () => {
    root = await makeRoot();
  });
  afterEach(() => rm(root, { recursive: true }));

  it('has nothing of a blob that was being put, and sweeps its remains a day later', async () => {
    const { child, lines } = inAnotherProcess(
      root,
      `async function* slow() { for (;;) { yield Buffer.alloc(1 << 20, 1); console.log('given'); await new Promise((go) => setTimeout(go, 5)); } }
       await store.put(Readable.from(slow(), { objectMode: false }));`,
    );
    for (let pieces = 0; pieces < 5; pieces++) await lines.next();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await createBlobFs({ root });
    expect(await digestsIn(store)).toEqual([]);
    // The kill did come in the middle: something had been written.
    const [remains, ...others] = await readdir(join(root, 'tmp'));
    expect(others).toEqual([]);
    const path = join(root, 'tmp', remains ?? '');
    expect((await stat(path)).size).toBeGreaterThan(0);
    const old = new Date(Date.now() - 2 * DAY_MS);
    await utimes(path, old, old);
    await createBlobFs({ root });
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('keeps every blob it said it had, and only whole ones, whenever the kill comes', async () => {
    const said: string[] = [];
    for (let round = 0; round < 6; round++) {
      const { child, lines } = inAnotherProcess(
        root,
        `for (let i = 0; ; i++) { const { digest } = await store.put(Buffer.alloc(200_000, 'round ${round} blob ' + i)); console.log(digest); }`,
      );
      for (let acknowledged = 0; acknowledged < 3 + 4 * round; acknowledged++)
        said.push(String((await lines.next()).value));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const store = await createBlobFs({ root });
    const there = new Set<string>(await digestsIn(store));
    expect(said.filter((digest) => !there.has(digest))).toEqual([]);
    for (const digest of there) await expect(store.localFile(digest as Digest)).resolves.toMatch(/./);
  });
});

/** A disk of one megabyte, or why there can be none here. */
function smallDisk(): { mount(directory: string): void; unmount(directory: string): void } | string {
  if (process.platform !== 'linux') return 'only Linux has tmpfs';
  if (process.getuid?.() !== 0) return 'mounting needs root';
  return {
    mount: (directory) => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]),
    unmount: (directory) => execFileSync('umount', [directory]),
  };
}

const disk = smallDisk();
if (typeof disk === 'string') {
  it.skip(`blob-fs on a full disk (skipped: ${disk})`, () => {});
} else {
  describe('blob-fs on a full disk', () => {
    let root: string;
    beforeEach(async () => {
      root = await makeRoot();
      disk.mount(root);
    });
    afterEach(async () => {
      disk.unmount(root);
      await rm(root, { recursive: true });
    });

    it('says STORAGE_FULL, keeps nothing of the blob, goes on reading, and stores again once there is space', async () => {
      const store = await createBlobFs({ root });
      const first = await store.put(Buffer.alloc(300_000, 1));
      const tooLarge = Buffer.alloc(2_000_000, 2);
      // The fault is real: a plain write of as many bytes fails too.
      await expect(writeFile(join(root, 'plain'), tooLarge)).rejects.toMatchObject({ code: 'ENOSPC' });
      await rm(join(root, 'plain'));

      await expect(store.put(tooLarge)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      const stream = Readable.from([tooLarge], { objectMode: false });
      await expect(store.put(stream)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      expect(await readdir(join(root, 'tmp'))).toEqual([]);
      expect(await digestsIn(store)).toEqual([first.digest]);
      expect((await buffer(await store.read(first.digest))).length).toBe(300_000);

      await store.delete(first.digest);
      await expect(store.put(Buffer.alloc(600_000, 3))).resolves.toMatchObject({ sizeBytes: 600_000 });
    });

    it('says STORAGE_FULL when not even a name fits', async () => {
      const store = await createBlobFs({ root });
      await expect(writeFile(join(root, 'filler'), Buffer.alloc(2_000_000))).rejects.toMatchObject({ code: 'ENOSPC' });
      await expect(store.put(Buffer.from('x'))).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      await rm(join(root, 'filler'));
      await expect(store.put(Buffer.from('x'))).resolves.toMatchObject({ sizeBytes: 1 });
      expect(await readdir(join(root, 'tmp'))).toEqual([]);
    });
  });
}
