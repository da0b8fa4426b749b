import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Blob, BlobStore, ByteRange, Digest } from './blob-store.ts';

/** An empty store and what a test must be able to do behind its back. */
export interface BlobStoreFixture {
  readonly store: BlobStore;
  /** Changes the byte at `offset` of a stored blob. */
  flipByte(digest: Digest, offset: number): Promise<void>;
  /** Names of everything in the storage that is no whole blob: temporary files, open multipart uploads. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const ABSENT: Digest = `sha256:${'0'.repeat(64)}`;
const HOUR_MS = 3_600_000;

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function failingWith(code: string): unknown {
  return expect.objectContaining({ name: 'DomainError', code });
}

/** A stream of the bytes in pieces; `breakAfter` pieces it fails, as an upload whose sender goes away does. */
function inPieces(bytes: Uint8Array, pieceBytes: number, breakAfter = Number.POSITIVE_INFINITY): Readable {
  return Readable.from(
    (function* pieces() {
      for (let index = 0; index * pieceBytes < bytes.length; index++) {
        if (index >= breakAfter) throw new Error('the sender went away');
        yield bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes);
      }
    })(),
    { objectMode: false },
  );
}

/** Reads by `lend`, keeping a copy of each piece. */
async function lent(store: BlobStore, digest: Digest, range?: ByteRange): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await store.lend(digest, range)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

async function listed(store: BlobStore, olderThanMs: number): Promise<Blob[]> {
  const blobs: Blob[] = [];
  for await (const blob of store.list(olderThanMs)) blobs.push(blob);
  return blobs.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** What every blob store keeps: a blob is whole or absent, found by its digest, and damage is never handed out whole. */
export function describeBlobStore(name: string, makeStore: () => Promise<BlobStoreFixture>): void {
  describe(`blob store contract: ${name}`, () => {
    let fixture: BlobStoreFixture;
    let store: BlobStore;
    beforeEach(async () => {
      fixture = await makeStore();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    async function expectNothingKept(): Promise<void> {
      expect(await listed(store, 0)).toEqual([]);
      expect(await fixture.leftovers()).toEqual([]);
    }

    describe('putting', () => {
      it.each([0, 1, 65_536, 3_000_001])('keeps %i bytes, from memory and from a stream', async (sizeBytes) => {
        const bytes = randomBytes(sizeBytes);
        const blob = { digest: digestOf(bytes), sizeBytes };
        expect(await store.put(bytes)).toEqual(blob);
        expect((await buffer(await store.read(blob.digest))).equals(bytes)).toBe(true);
        await store.delete(blob.digest);
        expect(await store.put(inPieces(bytes, 10_007))).toEqual(blob);
        expect((await buffer(await store.read(blob.digest))).equals(bytes)).toBe(true);
        expect((await lent(store, blob.digest)).equals(bytes)).toBe(true);
        expect(await store.stat(blob.digest)).toEqual(blob);
        expect(await fixture.leftovers()).toEqual([]);
      });

      it('gives back any bytes, however they come in pieces', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }), async (pieces) => {
            const blob = await store.put(Readable.from(pieces, { objectMode: false }));
            const whole = Buffer.concat(pieces);
            expect(blob).toEqual({ digest: digestOf(whole), sizeBytes: whole.length });
            expect(await buffer(await store.read(blob.digest))).toEqual(whole);
          }),
          { numRuns: 25 },
        );
      });

      it('keeps one copy of bytes that come twice, or twice at once', async () => {
        const bytes = randomBytes(400_000);
        const blobs = await Promise.all([
          store.put(bytes),
          store.put(inPieces(bytes, 1000)),
          store.put(inPieces(bytes, 9999)),
        ]);
        blobs.push(await store.put(bytes), await store.put(inPieces(bytes, 4096)));
        expect(new Set(blobs.map((blob) => blob.digest))).toEqual(new Set([digestOf(bytes)]));
        expect(await listed(store, 0)).toEqual([{ digest: digestOf(bytes), sizeBytes: bytes.length }]);
        expect(await fixture.leftovers()).toEqual([]);
      });

      it('takes bytes that are what was expected', async () => {
        const bytes = randomBytes(1000);
        const blob = { digest: digestOf(bytes), sizeBytes: bytes.length };
        expect(await store.put(inPieces(bytes, 300), blob)).toEqual(blob);
        expect(await store.put(bytes, { sizeBytes: 1000 })).toEqual(blob);
      });

      it('refuses bytes that are not what was expected and keeps nothing', async () => {
        const bytes = randomBytes(200_000);
        const cases: [Partial<Blob>, string][] = [
          [{ digest: ABSENT }, 'expected.digest'],
          [{ sizeBytes: bytes.length + 1 }, 'expected.sizeBytes'],
          [{ sizeBytes: bytes.length - 1 }, 'expected.sizeBytes'],
          [{ sizeBytes: -1 }, 'expected.sizeBytes'],
          [{ digest: 'sha256:../../x' }, 'expected.digest'],
        ];
        for (const [expected, field] of cases) {
          const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT', field });
          await expect(store.put(bytes, expected)).rejects.toEqual(refusal);
          await expect(store.put(inPieces(bytes, 50_000), expected)).rejects.toEqual(refusal);
        }
        await expectNothingKept();
      });

      it('stops taking bytes once there are more than expected', async () => {
        let given = 0;
        const endless = Readable.from(
          (function* zeros() {
            for (;;) yield Buffer.alloc(65_536, given++);
          })(),
          { objectMode: false },
        );
        await expect(store.put(endless, { sizeBytes: 100_000 })).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        expect(given).toBeLessThan(1000);
        await expectNothingKept();
      });

      it('leaves nothing of a stream that breaks, wherever it does', async () => {
        const bytes = randomBytes(5 * 65_536);
        for (let pieces = 0; pieces < 5; pieces++) {
          await expect(store.put(inPieces(bytes, 65_536, pieces))).rejects.toThrow('the sender went away');
        }
        const destroyed = inPieces(bytes, 65_536);
        destroyed.destroy();
        await expect(store.put(destroyed)).rejects.toThrow(/.+/);
        await expectNothingKept();
      });
    });

    describe('finding and reading', () => {
      it('knows what it has and what it has not', async () => {
        const { digest } = await store.put(Buffer.from('here'));
        expect(await store.has(digest)).toBe(true);
        expect(await store.has(ABSENT)).toBe(false);
        await expect(store.stat(ABSENT)).rejects.toEqual(failingWith('NOT_FOUND'));
        await expect(store.read(ABSENT)).rejects.toEqual(failingWith('NOT_FOUND'));
        await expect(store.read(ABSENT, { start: 0, end: 0 })).rejects.toEqual(failingWith('NOT_FOUND'));
        await expect(store.lend(ABSENT)).rejects.toEqual(failingWith('NOT_FOUND'));
        await expect(store.localFile(ABSENT)).rejects.toEqual(failingWith('NOT_FOUND'));
      });

      it('refuses whatever is no digest, on every call', async () => {
        const wrong = ['sha256:../../etc/passwd', `sha256:${'A'.repeat(64)}`, `md5:${'0'.repeat(32)}`, 'sha256:', ''];
        for (const text of wrong) {
          const digest = text as Digest;
          const calls = [
            () => store.has(digest),
            () => store.stat(digest),
            () => store.read(digest),
            () => store.lend(digest),
            () => store.localFile(digest),
            () => store.delete(digest),
          ];
          for (const call of calls) await expect(call()).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        }
      });

      it('reads ranges, both ends included', async () => {
        const bytes = randomBytes(1_500_000);
        const { digest } = await store.put(bytes);
        const ranges = [
          [0, 0],
          [0, 1_499_999],
          [1_499_999, 1_499_999],
          [700_000, 700_001],
          [1, 1_400_000],
        ] as const;
        for (const [start, end] of ranges) {
          const part = await buffer(await store.read(digest, { start, end }));
          expect(part.equals(bytes.subarray(start, end + 1))).toBe(true);
          expect((await lent(store, digest, { start, end })).equals(part)).toBe(true);
        }
      });

      it('refuses ranges that are not inside the blob', async () => {
        const { digest } = await store.put(Buffer.from('0123456789'));
        const ranges = [
          { start: -1, end: 3 },
          { start: 4, end: 3 },
          { start: 10, end: 10 },
          { start: 0, end: 10 },
          { start: 0.5, end: 3 },
          { start: 0, end: Number.NaN },
        ];
        for (const range of ranges) {
          const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'range' });
          await expect(store.read(digest, range)).rejects.toEqual(refusal);
          await expect(store.lend(digest, range)).rejects.toEqual(refusal);
        }
      });

      it('may be told to stop in the middle of a read', async () => {
        const { digest } = await store.put(randomBytes(2_000_000));
        for (let round = 0; round < 3; round++) {
          const stream = await store.read(digest);
          for await (const chunk of stream) {
            expect(chunk).toBeDefined();
            break;
          }
          expect(stream.destroyed).toBe(true);
        }
        (await store.read(digest)).destroy();
        for await (const piece of await store.lend(digest)) if (piece.length > 0) break;
        const unread = await store.lend(digest);
        await unread.close();
        await unread.close();
      });

      it('gives a local file with the bytes', async () => {
        const bytes = randomBytes(50_000);
        const { digest } = await store.put(bytes);
        const paths = await Promise.all([store.localFile(digest), store.localFile(digest)]);
        for (const path of paths) expect((await readFile(path)).equals(bytes)).toBe(true);
      });
    });

    describe('damage', () => {
      it.each([0, 100_000, 199_999])(
        'fails a whole read before its last bytes when byte %i differs',
        async (offset) => {
          const bytes = randomBytes(200_000);
          const { digest } = await store.put(bytes);
          await fixture.flipByte(digest, offset);
          for (const way of ['read', 'lend'] as const) {
            let seenBytes = 0;
            const reading = (async () => {
              for await (const chunk of await store[way](digest)) seenBytes += (chunk as Uint8Array).length;
            })();
            await expect(reading).rejects.toEqual(failingWith('DATA_LOSS'));
            // A receiver that counts to the length it was told must come out short.
            expect(seenBytes).toBeLessThan(bytes.length);
          }
        },
      );

      it('gives no local file of damaged bytes', async () => {
        const { digest } = await store.put(randomBytes(1000));
        await fixture.flipByte(digest, 500);
        await expect(store.localFile(digest)).rejects.toEqual(failingWith('DATA_LOSS'));
      });

      it('is healed by putting the bytes again', async () => {
        const bytes = randomBytes(1000);
        const { digest } = await store.put(bytes);
        for (const again of [() => store.put(bytes), () => store.put(inPieces(bytes, 100))]) {
          await fixture.flipByte(digest, 500);
          await again();
          expect((await buffer(await store.read(digest))).equals(bytes)).toBe(true);
        }
      });
    });

    describe('parts', () => {
      const upload = 'u'.repeat(20);
      const bytes = randomBytes(350_000);
      const partsOf = async (order: readonly number[]) => {
        const parts = new Map<number, Blob>();
        for (const number of order) {
          const part = bytes.subarray((number - 1) * 100_000, number * 100_000);
          parts.set(number, await store.putPart({ upload, number }, inPieces(part, 9_999), { sizeBytes: part.length }));
        }
        return [1, 2, 3, 4].map((number) => ({ number, digest: parts.get(number)?.digest ?? ABSENT }));
      };

      it('become one blob, in whatever order they came', async () => {
        const parts = await partsOf([3, 1, 4, 2]);
        const blob = { digest: digestOf(bytes), sizeBytes: bytes.length };
        expect(await store.assemble(upload, parts)).toEqual(blob);
        expect(await store.assemble(upload, parts)).toEqual(blob);
        expect((await buffer(await store.read(blob.digest))).equals(bytes)).toBe(true);
        await store.dropParts(upload);
        await store.dropParts(upload);
        await expect(store.assemble(upload, parts)).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        expect(await fixture.leftovers()).toEqual([]);
      });

      it('may be sent again, and are told apart by their digest', async () => {
        await store.putPart({ upload, number: 1 }, inPieces(Buffer.from('wrong'), 2));
        const parts = await partsOf([1, 2, 3, 4]);
        expect((await store.assemble(upload, parts)).digest).toBe(digestOf(bytes));
        const [first, ...rest] = parts;
        const mixed = [{ number: 1, digest: rest[0]?.digest ?? ABSENT }, ...rest];
        await expect(store.assemble(upload, mixed)).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        expect(first?.number).toBe(1);
      });

      it('that break leave nothing', async () => {
        const broken = inPieces(bytes, 65_536, 2);
        await expect(store.putPart({ upload, number: 1 }, broken)).rejects.toThrow('the sender went away');
        for (const sizeBytes of [10, bytes.length + 1]) {
          const other = store.putPart({ upload, number: 1 }, inPieces(bytes, 65_536), { sizeBytes });
          await expect(other).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        }
        await store.dropParts(upload);
        await expectNothingKept();
      });

      it('are listed by upload, and take no other name or number', async () => {
        await store.putPart({ upload, number: 1 }, inPieces(bytes, 65_536));
        const uploads = async (ms: number) => {
          const found: string[] = [];
          for await (const name of store.listUploads(ms)) found.push(name);
          return found;
        };
        expect(await uploads(0)).toEqual([upload]);
        expect(await uploads(HOUR_MS)).toEqual([]);
        for (const wrong of ['../../../../etc/passwd', '', 'short', `${upload}/x`]) {
          const part = { upload: wrong, number: 1 };
          await expect(store.putPart(part, inPieces(bytes, 9))).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
          await expect(store.assemble(wrong, [])).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
          await expect(store.dropParts(wrong)).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        }
        for (const number of [0, -1, 1.5, 1e9]) {
          const put = store.putPart({ upload, number }, inPieces(bytes, 9));
          await expect(put).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        }
        const hostile = [{ number: 1, digest: 'sha256:../../../etc/passwd' as Digest }];
        await expect(store.assemble(upload, hostile)).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
      });
    });

    describe('deleting and listing', () => {
      it('deletes, also what is not there', async () => {
        const { digest } = await store.put(Buffer.from('soon gone'));
        await store.delete(digest);
        await store.delete(digest);
        await store.delete(ABSENT);
        expect(await store.has(digest)).toBe(false);
        await expectNothingKept();
      });

      it('frees what nobody uses, saying how much, unless it was put within the grace', async () => {
        const { digest } = await store.put(Buffer.from('twelve bytes'));
        expect(await store.deleteUnused(digest, HOUR_MS)).toBeUndefined();
        expect(await store.has(digest)).toBe(true);
        expect(await store.deleteUnused(digest, 0)).toBe(12);
        expect(await store.deleteUnused(digest, 0)).toBeUndefined();
        expect(await store.deleteUnused(ABSENT, 0)).toBeUndefined();
        await expect(store.deleteUnused('sha256:../x', 0)).rejects.toEqual(failingWith('INVALID_ARGUMENT'));
        await expectNothingKept();
      });

      it('lists every blob that is old enough, and no younger one', async () => {
        const blobs: Blob[] = [];
        for (let index = 0; index < 20; index++) blobs.push(await store.put(Buffer.from(`blob ${index}`)));
        expect(await listed(store, 0)).toEqual(blobs.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)));
        expect(await listed(store, HOUR_MS)).toEqual([]);
      });
    });
  });
}
