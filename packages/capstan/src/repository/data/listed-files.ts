import type { ListedFile } from '#protocols/dvc';
import { DIGEST_BYTES, type FileList } from '../model.ts';

/** The files of a folder's object as a list, sorted as the object is. */
export function listedFiles(listed: readonly ListedFile[]): FileList {
  const digests = Buffer.allocUnsafe(listed.length * DIGEST_BYTES);
  for (const [index, { md5 }] of listed.entries()) digests.write(md5, index * DIGEST_BYTES, 'hex');
  return { paths: listed.map(({ path }) => path), sizes: [], digests };
}
