import { FACTS, type PlacedFacts } from '../cache/place-task.ts';
import { folderContent } from '../cache/object-cache.ts';
import { isFolderId, type FileList, type Hashed, type ObjectId } from '../model.ts';
import { memoFileOf, WORTH_REMEMBERING_BYTES, type ContentSource } from './content.ts';
import { readMemo, writeMemo } from './memo-file.ts';

/** What a checkout made of a path. */
export interface Placed {
  readonly wanted: FileList;
  /** For each wanted file its place in what was there before, -1 where it was written. */
  readonly kept: Int32Array;
  readonly written: readonly number[];
  /** Of what was written, in its order. */
  readonly placed: PlacedFacts;
  /** What was there before, which has just been looked at. */
  readonly now: Hashed | undefined;
}

/**
 * Takes what a checkout has just written for hashed: otherwise the next look at it would read all of it again. What was
 * written a moment ago is not taken for it, as when it is hashed: whoever writes to it now could leave its time as it is.
 */
export function rememberPlaced(source: ContentSource, path: string, id: ObjectId, placed: Placed): void {
  const { wanted, kept, written, now } = placed;
  const count = wanted.paths.length;
  const file = memoFileOf(source, path, id.scheme);
  const memo = readMemo(file);
  const columns = { sizes: new Float64Array(count), mtimes: new Float64Array(count), inodes: new Float64Array(count) };
  const isSameList = memo?.facts.paths.length === now?.files.paths.length;
  for (const [index, at] of kept.entries()) {
    if (at < 0) continue;
    columns.sizes[index] = now?.files.sizes[at] ?? 0;
    columns.mtimes[index] = (isSameList ? memo?.facts.mtimes[at] : undefined) ?? Number.NaN;
    columns.inodes[index] = (isSameList ? memo?.facts.inodes[at] : undefined) ?? Number.NaN;
  }
  for (const [place, index] of written.entries()) {
    const [size = 0, mtime = 0, inode = 0] = placed.placed.subarray(place * FACTS, (place + 1) * FACTS);
    columns.sizes[index] = size;
    columns.mtimes[index] = mtime;
    columns.inodes[index] = inode;
  }
  const isFolder = isFolderId(id);
  if (!isFolder && (columns.sizes[0] ?? 0) < WORTH_REMEMBERING_BYTES) return;
  const content = isFolder ? folderContent({ ...wanted, sizes: columns.sizes }, id.scheme) : null;
  writeMemo(file, { facts: { paths: wanted.paths, ...columns }, digests: wanted.digests, content }, source.now());
}
