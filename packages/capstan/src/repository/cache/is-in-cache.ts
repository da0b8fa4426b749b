import { isFolderId, type FileList, type ObjectId } from '../model.ts';
import type { ObjectCache } from './object-cache.ts';

/**
 * Whether the cache holds the object, and those of its files where it is a folder's.
 * @param files those of the folder, where they are known without reading its object
 */
export function isInCache({ cache }: { readonly cache: ObjectCache }, id: ObjectId, files?: FileList): boolean {
  if (!cache.has(id)) return false;
  if (!isFolderId(id)) return true;
  const { digests } = files ?? cache.listFolder(id);
  return cache.missing(digests, id.scheme).length === 0;
}
