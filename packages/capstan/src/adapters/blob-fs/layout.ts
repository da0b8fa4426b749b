import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import type { Digest } from '#ports/blob-store';

const DIGEST = /^sha256:([0-9a-f]{2})([0-9a-f]{62})$/;
const SHARD = /^[0-9a-f]{2}$/;
const REST = /^[0-9a-f]{62}$/;

/** Where a blob lies: 256 shards by the first two digits keep directories short. */
export interface BlobPlace {
  readonly shard: string;
  readonly file: string;
}

/** Names of the store's directories and files under its root. */
export interface Layout {
  readonly blobs: string;
  readonly temporary: string;
  /** Parts of files that come in pieces, by upload. */
  readonly uploads: string;
  /** Blobs on their way out, by digest: whoever was killed here has not decided yet. */
  readonly condemned: string;
  /** @throws DomainError INVALID_ARGUMENT naming `field` when the text is no digest; so no text leaves the root */
  placeOf(digest: string, field?: string): BlobPlace;
}

export function layoutOf(root: string): Layout {
  const blobs = join(root, 'sha256');
  return {
    blobs,
    temporary: join(root, 'tmp'),
    uploads: join(root, 'uploads'),
    condemned: join(root, 'condemned'),
    placeOf(digest, field = 'digest') {
      const [, shard, rest] = DIGEST.exec(digest) ?? [];
      if (shard === undefined || rest === undefined) {
        throw invalid(`${JSON.stringify(digest)} is no digest`, {
          field,
          hint: 'Give sha256: and 64 lower-case hex digits.',
        });
      }
      return { shard: join(blobs, shard), file: join(blobs, shard, rest) };
    },
  };
}

export function isShard(name: string): boolean {
  return SHARD.test(name);
}

/** The digest of a file by its shard and name, or undefined for a file that is none of ours. */
export function digestAt(shard: string, name: string): Digest | undefined {
  return REST.test(name) ? `sha256:${shard}${name}` : undefined;
}
