import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { objectPath, readListing, writeListing, type HashScheme, type LinkType, type ListedFile } from '#protocols/dvc';
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
}

/** Fewer are asked for one by one. */
const WORTH_LISTING = 64;

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
      const isThere =
        count < WORTH_LISTING ? (md5: string) => existsSync(fileOf({ md5, scheme })) : listedObjects(folder, scheme);
      return Array.from({ length: count }, (_, index) => index).filter((index) => !isThere(digestAt(digests, index)));
    },
    storeFolder(files, scheme) {
      const { content, text } = folderContent(files, scheme);
      storeBytes(fileOf(content), Buffer.from(text));
      return content;
    },
    readFolder(id) {
      const file = fileOf(id);
      if (!existsSync(file)) {
        throw new DomainError('NOT_FOUND', `The cache does not hold the folder ${id.md5}`, {
          hint: 'Bring it from a remote: capstan fetch.',
        });
      }
      const bytes = readFileSync(file);
      if (`${createHash('md5').update(bytes).digest('hex')}.dir` !== id.md5) throw damaged(file);
      return readListing(bytes.toString('utf8'), file);
    },
  };
}

/** What a folder is called after its files. */
export function folderContent(files: FileList, scheme: HashScheme): { content: Content; text: string } {
  const listed = files.paths.map((path, index) => ({ path, md5: digestAt(files.digests, index) }));
  const text = writeListing(listed);
  const content = {
    md5: `${createHash('md5').update(text).digest('hex')}.dir`,
    scheme,
    sizeBytes: files.sizes.reduce((sum, size) => sum + size, 0),
    fileCount: files.paths.length,
  };
  return { content, text };
}

export function damaged(file: string): DomainError {
  return new DomainError('DATA_LOSS', `The object ${file} is damaged: its bytes are not those of its name`, {
    field: file,
    hint: 'Remove it and bring it from a remote (capstan fetch), or make it anew (dvc repro).',
  });
}

/** Names of all objects of the folders asked for, each folder read once. */
function listedObjects(folder: string, scheme: HashScheme): (md5: string) => boolean {
  const names = new Map<string, ReadonlySet<string>>();
  return (md5) => {
    const prefix = md5.slice(0, 2);
    let here = names.get(prefix);
    if (!here) {
      here = new Set(readNames(join(folder, objectPath(md5, scheme), '..')));
      names.set(prefix, here);
    }
    return here.has(md5.slice(2));
  };
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
