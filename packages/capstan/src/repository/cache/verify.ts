import { statSync } from 'node:fs';
import { join } from 'node:path';
import { objectPath } from '#protocols/dvc';
import { digestAt, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { readMemo, recall, writeMemo } from '../tree/memo-file.ts';
import { collectFacts, type FileColumns } from '../tree/walk.ts';

const MEMO = 'objects';

export interface VerifyOptions {
  /** Reads them all, also those that were found whole before: a disk may have changed since. */
  readonly readsAll?: boolean;
  onProgress?(files: number, bytes: number): void;
}

/**
 * Reads objects that were not read since they last changed.
 * @param ids of files, each once; objects that are not there are passed over
 * @returns those whose bytes are not those of their name
 */
export async function damagedObjects(
  repository: Repository,
  ids: readonly ObjectId[],
  { readsAll = false, onProgress }: VerifyOptions = {},
): Promise<ObjectId[]> {
  const { cache, pool, memoFolder, now } = repository;
  const collected = collectFacts();
  const found: ObjectId[] = [];
  for (const id of ids.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))) {
    const stats = statSync(cache.fileOf(id), { throwIfNoEntry: false });
    if (!stats) continue;
    collected.add(placeOf(id), stats);
    found.push(id);
  }
  const facts = collected.columns();
  const file = join(memoFolder, MEMO);
  const memo = readMemo(file);
  const { unknown } = recall(facts, readsAll ? undefined : memo);
  if (unknown.length === 0) return [];
  const hashedAt = now();
  const damaged = new Set<number>();
  for (const scheme of ['md5', 'md5-dos2unix'] as const) {
    const chosen = unknown.filter((index) => found[index]?.scheme === scheme);
    if (chosen.length === 0) continue;
    const paths = chosen.map((index) => facts.paths[index] ?? '');
    const sizes = chosen.map((index) => facts.sizes[index] ?? 0);
    const { digests } = await pool.hash({
      root: cache.folder,
      paths,
      sizes,
      scheme,
      store: null,
      ...(onProgress && { onProgress }),
    });
    for (const [place, index] of chosen.entries()) {
      if (digestAt(digests, place) !== found[index]?.md5) damaged.add(index);
    }
  }
  remember(file, memo?.facts, without(facts, damaged), hashedAt);
  return [...damaged].flatMap((index) => found[index] ?? []);
}

/**
 * Takes objects for read whose bytes were just compared with their names: nothing reads them again until they change.
 * @param ids of files, each once
 */
export function rememberWhole({ cache, memoFolder, now }: Repository, ids: readonly ObjectId[]): void {
  if (ids.length === 0) return;
  const facts = collectFacts();
  for (const id of ids) {
    const stats = statSync(cache.fileOf(id), { throwIfNoEntry: false });
    if (stats) facts.add(placeOf(id), stats);
  }
  const file = join(memoFolder, MEMO);
  remember(file, readMemo(file)?.facts, facts.columns(), now());
}

const placeOf = ({ md5, scheme }: ObjectId): string => objectPath(md5, scheme);

/** A digest is in the name: what is kept is that it was found true. */
function remember(file: string, before: FileColumns | undefined, now: FileColumns, hashedAt: number): void {
  const seen = new Set(now.paths);
  const all = [...rows(now), ...(before ? rows(before).filter(({ path }) => !seen.has(path)) : [])];
  all.sort((a, b) => (a.path < b.path ? -1 : 1));
  const facts = {
    paths: all.map(({ path }) => path),
    sizes: all.map(({ size }) => size),
    mtimes: all.map(({ mtime }) => mtime),
    inodes: all.map(({ inode }) => inode),
  };
  const digests = Buffer.concat(all.map(({ path }) => Buffer.from(path.replaceAll(/^files\/md5|\//g, ''), 'hex')));
  writeMemo(file, { facts, digests, content: null }, hashedAt);
}

function rows(facts: FileColumns) {
  return facts.paths.map((path, index) => ({
    path,
    size: facts.sizes[index] ?? 0,
    mtime: facts.mtimes[index] ?? 0,
    inode: facts.inodes[index] ?? 0,
  }));
}

function without(facts: FileColumns, left: ReadonlySet<number>): FileColumns {
  const keep = <Value>(column: ArrayLike<Value>): Value[] => Array.from(column).filter((_, index) => !left.has(index));
  return {
    paths: keep(facts.paths),
    sizes: keep(facts.sizes),
    mtimes: keep(facts.mtimes),
    inodes: keep(facts.inodes),
  };
}
