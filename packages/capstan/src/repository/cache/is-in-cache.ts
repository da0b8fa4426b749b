import { isFolderId, type Hashed, type ObjectId } from '../model.ts';
import type { ObjectCache } from './object-cache.ts';

/**
 * Whether the cache holds the object, and those of its files where it is a folder's.
 * @param now what was hashed: of a folder that is the object the files are known without reading the object
 */
export function isInCache({ cache }: { readonly cache: ObjectCache }, id: ObjectId, now?: Hashed): boolean {
  if (!cache.has(id)) return false;
  if (!isFolderId(id)) return true;
  const { digests } = now?.content.md5 === id.md5 ? now.files : cache.listFolder(id);
  return cache.missing(digests, id.scheme).length === 0;
}
