import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink, realpath, stat, lstat } from 'node:fs/promises';
import { isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import type { BigIntStats } from 'node:fs';
import { invalid } from '#kernel/errors';
import type { CommandFiles } from '#ports/executor';

/** Hashed in one piece. */
const SMALL_BYTES = 1024 * 1024;
/** A file written so shortly before it was hashed may change again without another time. */
const TOO_FRESH_MS = 20;
const DEEPEST_LINKS = 40;

export type CarriedEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      /** SHA-256, hexadecimal. */
      readonly digest: string;
      readonly modifiedMs: number;
    };

/** What a command may read, by content. */
export interface CarriedFiles {
  /** Folders before what is in them. */
  readonly entries: readonly CarriedEntry[];
  /** Where the bytes of a digest are on this machine. */
  readonly places: ReadonlyMap<string, { readonly file: string; readonly size: number }>;
}

/** Digests of files by inode, size and time: a folder is hashed once, however many attempts carry it. */
export interface DigestMemo {
  digestOf(file: string, facts: BigIntStats): Promise<string>;
}

export function createDigestMemo(): DigestMemo {
  const known = new Map<string, { readonly mark: string; readonly digest: string }>();
  return {
    async digestOf(file, facts) {
      const mark = `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
      const before = known.get(file);
      if (before?.mark === mark) return before.digest;
      const digest = await hashFile(file, facts.size);
      if (Date.now() - Number(facts.mtimeMs) > TOO_FRESH_MS) known.set(file, { mark, digest });
      return digest;
    },
  };
}

async function hashFile(file: string, size: bigint): Promise<string> {
  if (size <= SMALL_BYTES) return hash('sha256', await readFile(file), 'hex');
  const whole = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: SMALL_BYTES })) whole.update(chunk as Buffer);
  return whole.digest('hex');
}

/**
 * Lists all that lies under the root, without what is not to be carried. A link that leads out of what is carried, as
 * into a cache, is followed; one that leads nowhere is left as it is.
 * @param alsoWithout absolute paths
 * @throws DomainError INVALID_ARGUMENT `files` for links that go round in circles, and for what is no file
 */
export async function carryFiles(
  files: CommandFiles,
  memo: DigestMemo,
  alsoWithout: readonly string[] = [],
): Promise<CarriedFiles> {
  const root = resolve(files.root);
  const realRoot = await realpath(root);
  const without = new Set([
    ...(files.without ?? []).map((path) => join(root, path)),
    ...alsoWithout.map((path) => resolve(path)),
  ]);
  const entries: CarriedEntry[] = [];
  const places = new Map<string, { readonly file: string; readonly size: number }>();

  /** @param path where it is in the copy; @param file where its bytes are */
  async function note(path: string, file: string, links: number): Promise<void> {
    if (without.has(join(root, path))) return;
    const facts = await lstat(file, { bigint: true }).catch(unlessGone);
    if (facts === undefined) return;
    const mode = Number(facts.mode & 0o777n);
    if (facts.isDirectory()) {
      if (path !== '') entries.push({ kind: 'folder', path, mode });
      for (const name of (await readdir(file)).toSorted()) await note(posix.join(path, name), join(file, name), links);
    } else if (facts.isFile()) {
      const digest = await memo.digestOf(file, facts);
      const size = Number(facts.size);
      places.set(digest, { file, size });
      entries.push({ kind: 'file', path, mode, size, digest, modifiedMs: Number(facts.mtimeMs) });
    } else if (facts.isSymbolicLink()) {
      await noteLink(path, file, links);
    } else {
      throw invalid(`${file} is neither a file, a folder nor a link`, {
        field: 'files',
        hint: 'Move it out of the way.',
      });
    }
  }

  async function noteLink(path: string, file: string, links: number): Promise<void> {
    const written = await readlink(file);
    const target = await realpath(file).catch(unlessGone);
    if (target === undefined) {
      entries.push({ kind: 'link', path, target: written });
      return;
    }
    const inside = relative(realRoot, target);
    const isInside = inside === '' || (!inside.startsWith('..') && !isAbsolute(inside));
    if (isInside && !isWithout(inside)) {
      // Relative, since the copy is elsewhere.
      const there = isAbsolute(written) ? relative(join(realRoot, path, '..'), target) || '.' : written;
      entries.push({ kind: 'link', path, target: there.replaceAll(sep, '/') });
      return;
    }
    if (links === DEEPEST_LINKS) {
      throw invalid(`${file} leads out of ${root} and back without end`, { field: 'files', hint: 'Remove the link.' });
    }
    await note(path, target, links + 1);
  }

  function isWithout(inside: string): boolean {
    const parts = inside.split(sep);
    return parts.some((_, index) => without.has(join(root, ...parts.slice(0, index + 1))));
  }

  const facts = await stat(root).catch(unlessGone);
  if (!facts?.isDirectory()) {
    throw invalid(`There is no folder ${root}`, { field: 'files', hint: 'Create it, or correct the path.' });
  }
  await note('', root, 0);
  return { entries, places };
}

function unlessGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP'))
    return undefined;
  throw error;
}
