import { createHash } from 'node:crypto';
import type { DatasetFile, DatasetVersion } from '@capstan/api';
import type { Digest } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';
import * as store from './store.ts';

/** Versions of one dataset that are looked at, the newest first. */
const MOST_VERSIONS = 100;

/** Content as DVC names it: MD5 of a file, or of the list of a folder's files with `.dir` behind it. */
export interface NamedContent {
  readonly md5: string;
  /** Of the file, or of all files of the folder. */
  readonly sizeBytes: number;
}

/** MD5 of the list of a folder's files, with `.dir` behind it. */
export type FolderHash = (files: readonly { readonly path: string; readonly md5: string }[]) => string;

/** A version, with the content that it was recognised by. */
export interface Recognised {
  readonly version: DatasetVersion;
  readonly contents: readonly string[];
}

/**
 * Versions of a project's datasets that hold this content: a whole version as a folder, or single files of one. Of
 * versions that hold the same, the newest; one that holds more of it goes before. Only files of the same size are read,
 * each once ever.
 */
export async function recognise(
  deps: Pick<DatasetsDeps, 'database' | 'blobs'>,
  project: string,
  wanted: readonly NamedContent[],
  folderHash: FolderHash,
): Promise<Recognised[]> {
  const found: Recognised[] = [];
  if (wanted.length === 0) return found;
  const memory = new Map<string, string>();
  for (const dataset of (await store.countByDataset(deps.database.read, project)).keys()) {
    const held: { version: DatasetVersion; contents: ReadonlySet<string> }[] = [];
    const summaries = await store.list(deps.database.read, { project, dataset, limit: MOST_VERSIONS });
    for (const { id } of summaries) {
      const version = await store.find(deps.database.read, id);
      const contents = version && (await contentsOf(deps, version, wanted, folderHash, memory));
      if (version && contents && contents.size > 0) held.push({ version, contents });
    }
    const open = new Set(wanted.map(({ md5 }) => md5));
    for (;;) {
      const [best] = held
        .map(({ version, contents }) => ({ version, contents: [...contents].filter((each) => open.has(each)) }))
        .filter(({ contents }) => contents.length > 0)
        .toSorted((a, b) => b.contents.length - a.contents.length || b.version.number - a.version.number);
      if (!best) break;
      found.push(best);
      for (const each of best.contents) open.delete(each);
    }
  }
  return found;
}

async function contentsOf(
  deps: Pick<DatasetsDeps, 'database' | 'blobs'>,
  { files, sizeBytes }: DatasetVersion,
  wanted: readonly NamedContent[],
  folderHash: FolderHash,
  memory: Map<string, string>,
): Promise<Set<string>> {
  const held = new Set<string>();
  for (const each of wanted) {
    const isFolder = each.md5.endsWith('.dir');
    const alike = isFolder
      ? each.sizeBytes === sizeBytes && files
      : files.filter((file) => file.sizeBytes === each.sizeBytes);
    if (alike === false || alike.length === 0) continue;
    const hashed: { path: string; md5: string }[] = [];
    for (const file of alike) hashed.push({ path: file.path, md5: await md5Of(deps, file, memory) });
    if (isFolder ? folderHash(hashed) === each.md5 : hashed.some(({ md5 }) => md5 === each.md5)) held.add(each.md5);
  }
  return held;
}

async function md5Of(
  { database, blobs }: Pick<DatasetsDeps, 'database' | 'blobs'>,
  { digest }: DatasetFile,
  memory: Map<string, string>,
): Promise<string> {
  const known = memory.get(digest) ?? (await store.md5Of(database.read, digest));
  if (known !== undefined) {
    memory.set(digest, known);
    return known;
  }
  const hash = createHash('md5');
  for await (const chunk of await blobs.read(digest as Digest)) hash.update(chunk as Uint8Array);
  const md5 = hash.digest('hex');
  await database.write((writer) => store.rememberMd5(writer, digest, md5));
  memory.set(digest, md5);
  return md5;
}
