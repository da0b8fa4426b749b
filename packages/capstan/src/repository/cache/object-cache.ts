import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import {
  listingPieces,
  objectPath,
  readListingColumns,
  type HashScheme,
  type LinkType,
  type ListedFile,
} from '#protocols/dvc';
import { hashFile } from '../hashing/md5-file.ts';
import { digestAt, DIGEST_BYTES, type Content, type FileList, type ObjectId } from '../model.ts';
import { storeBytes, type StoreBy } from './object-files.ts';

/** Objects of a repository, or of several that share them, in DVC's layout. */
export interface ObjectCache {
  /** Absolute. */
  readonly folder: string;
  /** Ways to bring an object into the checkout, tried in order. */
  readonly links: readonly LinkType[];
  readonly storeBy: StoreBy;
  /** Absolute path of an object, there or not. */
  fileOf(id: ObjectId): string;
  has(id: ObjectId): boolean;
  /** Which of the files have no object. */
  missing(digests: Buffer, scheme: HashScheme): number[];
  /** Keeps the object of a folder, whose files come first: it means that they are all there. */
  storeFolder(files: FileList, scheme: HashScheme): Content;
  /** @throws DomainError NOT_FOUND, DATA_LOSS naming the damaged object */
  readFolder(id: ObjectId): readonly ListedFile[];
  /** The same in columns, for folders of a million files; sizes are not known. */
  listFolder(id: ObjectId): FileList;
}

/** Fewer are asked for one by one. */
const WORTH_LISTING = 64;
const CHUNK_BYTES = 1 << 20;

export function openCache(folder: string, links: readonly LinkType[]): ObjectCache {
  const fileOf = ({ md5, scheme }: ObjectId): string => join(folder, objectPath(md5, scheme));
  return {
    folder,
    links,
    storeBy: links[0] === 'hardlink' ? 'hardlink' : 'copy',
    fileOf,
    has: (id) => existsSync(fileOf(id)),
    missing(digests, scheme) {
      const count = digests.length / DIGEST_BYTES;
      if (count >= WORTH_LISTING) return notListed(folder, digests, scheme);
      const all = Array.from({ length: count }, (_, index) => index);
      return all.filter((index) => !existsSync(fileOf({ md5: digestAt(digests, index), scheme })));
    },
    storeFolder(files, scheme) {
      const pieces = Array.from(listing(files), (piece) => Buffer.from(piece));
      const content = contentOf(pieces, files, scheme);
      storeBytes(fileOf(content), Buffer.concat(pieces));
      return content;
    },
    readFolder(id) {
      const { paths, digests } = this.listFolder(id);
      return paths.map((path, index) => ({ path, md5: digestAt(digests, index) }));
    },
    listFolder(id) {
      const file = fileOf(id);
      refuseDamaged(file, id);
      return { ...readListingColumns(chunksOf(file), file), sizes: [] };
    },
  };
}

function refuseDamaged(file: string, id: ObjectId): void {
  if (!existsSync(file)) {
    throw new DomainError('NOT_FOUND', `The cache does not hold the folder ${id.md5}`, {
      field: id.md5,
      hint: 'Bring it from a remote: capstan fetch.',
    });
  }
  if (`${hashFile(file).digest.toString('hex')}.dir` !== id.md5) throw damaged(file);
}

/** The list of a million files is 90 MB: it is read by and by, into the same memory. */
function* chunksOf(file: string): Generator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const handle = openSync(file, 'r');
  try {
    for (let read = readSync(handle, chunk); read > 0; read = readSync(handle, chunk)) yield chunk.subarray(0, read);
  } finally {
    closeSync(handle);
  }
}

/** What a folder is called after its files, which are sorted. */
export function folderContent(files: FileList, scheme: HashScheme): Content {
  return contentOf(listing(files), files, scheme);
}

const listing = (files: FileList) => listingPieces(files.paths, (index) => digestAt(files.digests, index));

function contentOf(pieces: Iterable<string | Buffer>, files: FileList, scheme: HashScheme): Content {
  const hash = createHash('md5');
  for (const piece of pieces) hash.update(piece);
  return { md5: `${hash.digest('hex')}.dir`, scheme, sizeBytes: sumOf(files.sizes), fileCount: files.paths.length };
}

function sumOf(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) sum += numbers[index] ?? 0;
  return sum;
}

export function damaged(file: string): DomainError {
  return new DomainError('DATA_LOSS', `The object ${file} is damaged: its bytes are not those of its name`, {
    field: file,
    hint: 'Remove it and bring it from a remote (capstan fetch), or make it anew (dvc repro).',
  });
}

/** Folder by folder, so that the names of only one are held. */
function notListed(folder: string, digests: Buffer, scheme: HashScheme): number[] {
  const missing: number[] = [];
  for (const indexes of byFirstByte(digests)) {
    if (indexes.length === 0) continue;
    const first = digestAt(digests, indexes[0] ?? 0);
    const names = new Set(readNames(join(folder, objectPath(first, scheme), '..')));
    for (const index of indexes) if (!names.has(digestAt(digests, index).slice(2))) missing.push(index);
  }
  return missing.toSorted((a, b) => a - b);
}

function byFirstByte(digests: Buffer): number[][] {
  const found: number[][] = Array.from({ length: 256 }, () => []);
  for (let at = 0, index = 0; at < digests.length; at += DIGEST_BYTES, index++) found[digests[at] ?? 0]?.push(index);
  return found;
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
