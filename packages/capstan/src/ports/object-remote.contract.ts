import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectRemote } from './object-remote.ts';

/** An empty remote and what a test must be able to do behind its back. */
export interface ObjectRemoteFixture {
  readonly remote: ObjectRemote;
  /** Names of everything there that is no whole file: temporary files, open multipart uploads. */
  leftovers(): Promise<readonly string[]>;
  /** The same storage with a secret that is wrong; undefined where there is none. */
  readonly asStranger?: ObjectRemote;
  /** What the adapter says nobody listens to. */
  readonly unreachable?: ObjectRemote;
  close(): Promise<void>;
}

/** What an adapter does not offer. */
export interface ObjectRemoteLimits {
  readonly cannotRemove?: true;
}

const LARGE_BYTES = 20 << 20;

function failingWith(...codes: readonly string[]): unknown {
  return expect.objectContaining({
    name: 'DomainError',
    code: expect.stringMatching(new RegExp(`^(?:${codes.join('|')})$`)) as unknown,
    message: expect.stringContaining("The remote 'storage'") as unknown,
    hint: expect.any(String) as unknown,
  });
}

async function bytesOf(remote: ObjectRemote, path: string): Promise<Buffer> {
  const { sizeBytes, bytes } = await remote.read(path);
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(Buffer.from(piece));
  const whole = Buffer.concat(pieces);
  if (sizeBytes !== undefined) expect(sizeBytes).toBe(whole.length);
  return whole;
}

async function listed(remote: ObjectRemote, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const page of remote.list(folder)) paths.push(...page);
  return paths.toSorted();
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** What every remote keeps: a file is there whole or not at all, and a failure says whose it is and what to do. */
export function describeObjectRemote(
  name: string,
  makeRemote: () => Promise<ObjectRemoteFixture>,
  limits: ObjectRemoteLimits = {},
): void {
  describe(`object remote contract: ${name}`, () => {
    let fixture: ObjectRemoteFixture;
    let remote: ObjectRemote;
    let folder = '';

    beforeEach(async () => {
      fixture = await makeRemote();
      ({ remote } = fixture);
      folder = mkdtempSync(join(tmpdir(), 'object-remote-'));
    });

    afterEach(async () => {
      await remote.close();
      await fixture.asStranger?.close();
      await fixture.unreachable?.close();
      await fixture.close();
      rmSync(folder, { recursive: true });
    });

    function fileOf(bytes: string | Uint8Array): string {
      const path = join(folder, randomBytes(6).toString('hex'));
      writeFileSync(path, bytes);
      return path;
    }

    it('has nothing at first, and says so', async () => {
      expect(await remote.has('files/md5/ab/cd')).toBe(false);
      await expect(remote.read('files/md5/ab/cd')).rejects.toEqual(failingWith('NOT_FOUND'));
      if (remote.listing.by !== 'none') expect(await listed(remote, 'files/md5')).toEqual([]);
    });

    it.each([0, 1, 4096, 3_000_001])('gives back what it took, %i bytes', async (size) => {
      const bytes = randomBytes(size);
      await remote.write('files/md5/ab/cd.dir', fileOf(bytes));
      expect(await remote.has('files/md5/ab/cd.dir')).toBe(true);
      expect(await remote.has('files/md5/ab/cd')).toBe(false);
      expect(await remote.has('files/md5/ab')).toBe(false);
      expect((await bytesOf(remote, 'files/md5/ab/cd.dir')).equals(bytes)).toBe(true);
      expect(await fixture.leftovers()).toEqual([]);
    });

    it('takes large files in bounded memory', async () => {
      const bytes = randomBytes(LARGE_BYTES);
      await remote.write('files/md5/ab/large', fileOf(bytes));
      let largest = 0;
      const hash = createHash('md5');
      for await (const piece of (await remote.read('files/md5/ab/large')).bytes) {
        largest = Math.max(largest, piece.length);
        hash.update(piece);
      }
      expect(hash.digest('hex')).toBe(md5(bytes));
      expect(largest).toBeLessThanOrEqual(1 << 20);
      expect(await fixture.leftovers()).toEqual([]);
    });

    it('writes over, and keeps odd names apart', async () => {
      await remote.write('runs/a b/ü+%2F?', fileOf('one'));
      await remote.write('runs/a b/ü+%2F?', fileOf('two'));
      await remote.write('runs/a b/ü+/F', fileOf('three'));
      expect(String(await bytesOf(remote, 'runs/a b/ü+%2F?'))).toBe('two');
      expect(String(await bytesOf(remote, 'runs/a b/ü+/F'))).toBe('three');
    });

    it('lists below a folder, at any depth, and nothing beside it', async () => {
      if (remote.listing.by === 'none') {
        await expect(listed(remote, '')).rejects.toEqual(failingWith('NOT_IMPLEMENTED'));
        return;
      }
      const paths = ['files/md5/ab/1', 'files/md5/ab/2.dir', 'files/md5/abc/3', 'files/md5/cd/4', 'ab/5', 'runs/a/b/6'];
      for (const path of paths) await remote.write(path, fileOf(path));
      expect(await listed(remote, 'files/md5/ab')).toEqual(paths.slice(0, 2));
      expect(await listed(remote, 'files/md5')).toEqual(paths.slice(0, 4));
      expect(await listed(remote, '')).toEqual(paths.toSorted());
    });

    it('removes, also what is not there', async () => {
      if (limits.cannotRemove) {
        await expect(remote.remove(['x'])).rejects.toEqual(failingWith('NOT_IMPLEMENTED'));
        return;
      }
      for (const path of ['files/md5/ab/1', 'files/md5/ab/2']) await remote.write(path, fileOf(path));
      await remote.remove(['files/md5/ab/1', 'files/md5/zz/none']);
      await remote.remove([]);
      expect(await remote.has('files/md5/ab/1')).toBe(false);
      expect(await remote.has('files/md5/ab/2')).toBe(true);
    });

    it('serves many calls at once', async () => {
      const paths = Array.from(
        { length: 60 },
        (_, index) => `files/md5/${String(index % 7).padStart(2, '0')}/${index}`,
      );
      await Promise.all(paths.map((path) => remote.write(path, fileOf(path))));
      const read = await Promise.all(paths.map((path) => bytesOf(remote, path)));
      expect(read.map(String)).toEqual(paths);
      expect(await Promise.all(paths.map((path) => remote.has(path)))).toEqual(paths.map(() => true));
    });

    it('ends a call when it is told to, and leaves nothing', async () => {
      const large = fileOf(randomBytes(LARGE_BYTES));
      const reason = new Error('enough');
      await expect(remote.write('files/md5/ab/x', large, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(await remote.has('files/md5/ab/x')).toBe(false);
      await remote.write('files/md5/ab/x', large);
      const stop = new AbortController();
      const { bytes } = await remote.read('files/md5/ab/x', { signal: stop.signal });
      await expect(
        (async () => {
          for await (const piece of bytes) if (piece.length > 0) stop.abort(reason);
        })(),
      ).rejects.toBe(reason);
      for await (const piece of (await remote.read('files/md5/ab/x')).bytes) if (piece.length > 0) break;
      expect(await fixture.leftovers()).toEqual([]);
    });

    it('says whom it does not know', async () => {
      const { asStranger } = fixture;
      if (!asStranger) return;
      await remote.write('files/md5/ab/x', fileOf('x'));
      const refused = failingWith('UNAUTHENTICATED', 'PERMISSION_DENIED');
      await expect(asStranger.has('files/md5/ab/x')).rejects.toEqual(refused);
      await expect(asStranger.read('files/md5/ab/x')).rejects.toEqual(refused);
      await expect(asStranger.write('files/md5/ab/x', fileOf('y'))).rejects.toEqual(refused);
      expect(String(await bytesOf(remote, 'files/md5/ab/x'))).toBe('x');
    });

    it('says that nobody is there', async () => {
      const { unreachable } = fixture;
      if (!unreachable) return;
      await expect(unreachable.has('files/md5/ab/x')).rejects.toEqual(failingWith('UNAVAILABLE'));
      await expect(unreachable.write('files/md5/ab/x', fileOf('y'))).rejects.toEqual(failingWith('UNAVAILABLE'));
    });
  });
}
