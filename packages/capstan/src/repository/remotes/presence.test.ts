import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Listing, ObjectRemote } from '#ports/object-remote';
import { objectPath } from '#protocols/dvc';
import type { ObjectId } from '../model.ts';
import { listingPays, presentObjects } from './presence.ts';

const idOf = (text: string | number): ObjectId => ({
  md5: createHash('md5').update(String(text)).digest('hex'),
  scheme: 'md5',
});
const idsUpTo = (count: number): ObjectId[] => Array.from({ length: count }, (_, index) => idOf(index));

/** Holds paths, and counts what it is asked. */
function counting(held: readonly ObjectId[], listing: Listing) {
  const paths = held.map((id) => objectPath(id.md5, id.scheme)).toSorted();
  const calls = { has: 0, pages: 0 };
  const remote: ObjectRemote = {
    name: 'storage',
    address: 'memory',
    jobs: 4,
    listing,
    has: async (path) => {
      calls.has++;
      return paths.includes(path);
    },
    async *list(folder) {
      const below = paths.filter((path) => path.startsWith(`${folder}/`));
      const size = listing.by === 'pages' ? listing.entries : Math.max(1, below.length);
      for (let first = 0; first === 0 || first < below.length; first += size) {
        calls.pages++;
        yield below.slice(first, first + size);
      }
    },
    read: () => Promise.reject(new Error('not asked for')),
    write: async () => {},
    remove: async () => {},
    close: async () => {},
  };
  return { remote, calls };
}

describe('what a remote holds', () => {
  const kinds: readonly Listing[] = [{ by: 'pages', entries: 50 }, { by: 'folders', entries: 20 }, { by: 'none' }];
  it.each(kinds.flatMap((listing) => [0, 5, 40, 700].map((held) => ({ listing, held }))))(
    'is found: %o',
    async ({ listing, held }) => {
      const ids = idsUpTo(400);
      const { remote } = counting(idsUpTo(held), listing);
      const present = await presentObjects(remote, ids, { jobs: 3 });
      expect([...present].map(({ md5 }) => md5).toSorted()).toEqual(
        ids
          .slice(0, held)
          .map(({ md5 }) => md5)
          .toSorted(),
      );
    },
  );

  it('of both kinds of hashes, which lie apart', async () => {
    const old: ObjectId = { ...idOf('a'), scheme: 'md5-dos2unix' };
    const { remote } = counting([old, ...idsUpTo(20)], { by: 'pages', entries: 10 });
    const others = idsUpTo(20).map((id): ObjectId => ({ ...id, scheme: 'md5-dos2unix' }));
    const present = await presentObjects(remote, [old, ...others, ...idsUpTo(20)], { jobs: 3 });
    expect(present.size).toBe(21);
    expect(present.has(old)).toBe(true);
  });

  it('costs one call where it is nothing or little', async () => {
    for (const held of [0, 30]) {
      const { remote, calls } = counting(idsUpTo(held), { by: 'pages', entries: 1_000 });
      await presentObjects(remote, idsUpTo(2_000), { jobs: 3 });
      expect(calls).toEqual({ has: 0, pages: 1 });
    }
  });

  it('is asked for one by one where it is far more than is wanted', async () => {
    const { remote, calls } = counting(idsUpTo(20_000), { by: 'pages', entries: 10 });
    await presentObjects(remote, idsUpTo(20), { jobs: 3 });
    expect(calls).toEqual({ has: 20, pages: 2 });
  });

  it('is listed where that takes fewer calls', async () => {
    const { remote, calls } = counting(idsUpTo(3_000), { by: 'pages', entries: 1_000 });
    await presentObjects(remote, idsUpTo(2_000), { jobs: 3 });
    expect(calls.has).toBe(0);
    expect(calls.pages).toBeLessThan(300);
  });
});

it('lists for 10,000 of 10,000,000 objects or not, as fewer calls have it', () => {
  const pages: Listing = { by: 'pages', entries: 1_000 };
  const perFolder = 10_000_000 / 256;
  expect(listingPays(pages, { wanted: 10_000, folders: 256, perFolder })).toBe(true);
  expect(listingPays(pages, { wanted: 1_000, folders: 250, perFolder })).toBe(false);
  expect(listingPays(pages, { wanted: 1_000_000, folders: 256, perFolder: 0 })).toBe(true);
  expect(listingPays({ by: 'none' }, { wanted: 1_000_000, folders: 256, perFolder: 0 })).toBe(false);
});
