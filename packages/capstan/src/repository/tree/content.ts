import { createHash } from 'node:crypto';
import { statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import type { HashScheme, IgnoreRules } from '#protocols/dvc';
import { folderContent, type ObjectCache } from '../cache/object-cache.ts';
import type { HashPool } from '../hashing/hash-pool.ts';
import { digestAt, DIGEST_BYTES, type Content, type FileList, type Hashed } from '../model.ts';
import { folderOf } from '../paths.ts';
import { gather, readMemo, recall, writeMemo, type Memo } from './memo-file.ts';
import { rulesFor, walkFolder, type FileColumns, type Visit } from './walk.ts';

export const WORTH_REMEMBERING_BYTES = 64 << 10;

/** What hashing needs of a repository. */
export interface ContentSource {
  /** Absolute. */
  readonly root: string;
  readonly rules: IgnoreRules;
  readonly pool: HashPool;
  /** Absolute: where hashes are remembered. */
  readonly memoFolder: string;
  /** Real time, ms since the epoch. */
  now(): number;
}

export interface HashOptions {
  readonly scheme?: HashScheme;
  /** Keeps each file in the cache. */
  readonly store?: ObjectCache;
  /** Called once with what is to be read, and then as it is done. */
  onProgress?(done: { readonly files: number; readonly bytes: number }): void;
}

/**
 * Content of a file or folder of the repository, read only where it is not as it was when last hashed.
 * @param path relative to the root, with `/`
 * @returns undefined where there is nothing
 * @throws DomainError INVALID_ARGUMENT for what cannot be tracked; CONFLICT for a file that changed meanwhile; STORAGE_FULL
 */
export async function hashContent(
  source: ContentSource,
  path: string,
  options: HashOptions = {},
): Promise<Hashed | undefined> {
  const whole = join(source.root, path);
  const stats = statSync(whole, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (!stats.isFile() && !stats.isDirectory()) throw invalid(`${path} is neither a file nor a folder`, { field: path });
  const scheme = options.scheme ?? 'md5';
  // A small file is read sooner than what is remembered of it.
  const isRemembered = stats.isDirectory() || stats.size >= WORTH_REMEMBERING_BYTES;
  const memoFile = memoFileOf(source, path, scheme);
  const { facts, digests, unknown, before } = look(source, path, stats, isRemembered ? memoFile : undefined);
  const hashedAt = source.now();
  const toStore = options.store ? withoutObject(options.store, digests, unknown, scheme) : unknown;
  const sizes =
    toStore.length > 0
      ? await hashAgain(source, whole, facts, { digests, chosen: toStore, scheme }, options)
      : facts.sizes;
  const files: FileList = { paths: facts.paths, sizes, digests };
  const content = stats.isFile()
    ? fileContent(files, stats, scheme)
    : whatFolder(files, scheme, options, before?.content ?? undefined);
  if (isRemembered && !before) writeMemo(memoFile, { facts: { ...facts, sizes }, digests, content }, hashedAt);
  return { content, files };
}

/** Where the hashes of a path are remembered. */
export function memoFileOf({ memoFolder }: ContentSource, path: string, scheme: HashScheme): string {
  return join(memoFolder, createHash('sha1').update(`${scheme} ${path}`).digest('hex'));
}

interface Looked {
  readonly facts: FileColumns;
  readonly digests: Buffer;
  readonly unknown: number[];
  /** Where all is as it was. What is remembered otherwise is let go of: of a million files it is large. */
  readonly before: Memo | undefined;
}

function look(source: ContentSource, path: string, stats: Stats, memoFile: string | undefined): Looked {
  const memo = memoFile === undefined ? undefined : readMemo(memoFile);
  const facts = gather(memo, (visit) => {
    if (stats.isFile()) visit('', stats);
    else walkTracked(source, path, memo ? visit : announced(source.pool, visit));
  });
  const { digests, unknown } = recall(facts, memo);
  const isUnchanged = unknown.length === 0 && memo?.facts.paths.length === facts.paths.length;
  return { facts, digests, unknown, before: isUnchanged ? memo : undefined };
}

function walkTracked({ root, rules }: ContentSource, path: string, visit: Visit): void {
  walkFolder(root, path, rulesFor(root, folderOf(path), rules), visit);
}

/** What nobody has hashed is hashed when the walk has ended: threads start meanwhile. */
function announced(pool: HashPool, visit: Visit): Visit {
  let files = 0;
  return (path, stats) => {
    pool.expect(++files);
    visit(path, stats);
  };
}

/** Of files whose hash is known the cache may have lost the object. */
function withoutObject(cache: ObjectCache, digests: Buffer, unknown: number[], scheme: HashScheme): number[] {
  const isUnknown = new Set(unknown);
  const lost = cache.missing(digests, scheme).filter((index) => !isUnknown.has(index));
  return [...unknown, ...lost].toSorted((a, b) => a - b);
}

/** Fills in the digests. Returns the sizes, those of what was read as it was read. */
async function hashAgain(
  source: ContentSource,
  whole: string,
  facts: FileColumns,
  { digests, chosen, scheme }: { digests: Buffer; chosen: readonly number[]; scheme: HashScheme },
  options: HashOptions,
): Promise<Float64Array> {
  const { store, onProgress } = options;
  const hashed = await source.pool.hash({
    root: whole,
    paths: chosen.map((index) => facts.paths[index] ?? ''),
    sizes: chosen.map((index) => facts.sizes[index] ?? 0),
    scheme,
    store: store ? { cache: store.folder, by: store.storeBy } : null,
    ...(onProgress && { onProgress: (files: number, bytes: number) => onProgress({ files, bytes }) }),
  });
  const sizes = Float64Array.from(facts.sizes);
  for (const [place, index] of chosen.entries()) {
    hashed.digests.copy(digests, index * DIGEST_BYTES, place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES);
    sizes[index] = hashed.sizes[place] ?? 0;
  }
  return sizes;
}

function fileContent(files: FileList, stats: Stats, scheme: HashScheme): Content {
  return {
    md5: digestAt(files.digests, 0),
    scheme,
    sizeBytes: files.sizes[0] ?? 0,
    ...((stats.mode & 0o111) !== 0 && { isExecutable: true as const }),
  };
}

function whatFolder(files: FileList, scheme: HashScheme, { store }: HashOptions, known: Content | undefined): Content {
  if (known && (!store || store.has(known))) return known;
  return store ? store.storeFolder(files, scheme) : folderContent(files, scheme);
}

/** @throws DomainError NOT_FOUND naming the path */
export function nothingAt(path: string): DomainError {
  return new DomainError('NOT_FOUND', `There is nothing at ${path}`, { field: path });
}
