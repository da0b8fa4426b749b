import { DomainError } from '#kernel/errors';
import { DIGEST_BYTES, type Content, type Hashed } from '../model.ts';
import type { Repository } from '../open.ts';
import type { TrackedData } from './data-files.ts';

/**
 * A tracked folder in which only one path was added again: the rest is as the folder's object has it, whatever lies in the
 * checkout.
 * @throws DomainError NOT_FOUND where the cache does not hold the folder
 */
export function mergedFolder(
  { cache }: Repository,
  tracked: TrackedData | undefined,
  path: string,
  { files }: Hashed,
): Content {
  if (tracked?.output.md5 === undefined)
    throw new DomainError('NOT_FOUND', `Nothing is known of the folder of ${path}`);
  const inside = path.slice(tracked.path.length + 1);
  const { md5, scheme } = tracked.output;
  const kept = cache
    .readFolder({ md5, scheme })
    .filter((file) => file.path !== inside && !file.path.startsWith(`${inside}/`))
    .map((file) => ({ path: file.path, digest: Buffer.from(file.md5, 'hex') }));
  const added = files.paths.map((each, index) => ({
    path: each === '' ? inside : `${inside}/${each}`,
    digest: files.digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
  }));
  const all = [...kept, ...added].toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const merged = { paths: all.map((file) => file.path), digests: Buffer.concat(all.map((file) => file.digest)) };
  const { sizeBytes: _unknown, ...content } = cache.storeFolder({ ...merged, sizes: [] }, scheme);
  return content;
}
