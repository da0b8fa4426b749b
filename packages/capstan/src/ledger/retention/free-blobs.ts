import type { Digest } from '#ports/blob-store';
import type { RetentionDeps } from './deps.ts';

export interface Freed {
  readonly blobs: number;
  readonly bytes: number;
}

interface Request {
  /** Blobs that may be free, with their bytes. */
  readonly candidates: ReadonlyMap<Digest, number>;
  /** Roots that are about to go: what only they refer to counts as free. */
  readonly exceptRoots?: ReadonlySet<string> | undefined;
  readonly isDryRun: boolean;
  readonly signal?: AbortSignal | undefined;
}

type BlobDeps = Pick<RetentionDeps, 'blobs' | 'holders' | 'policy'>;

/** Candidates looked at in one pass over all holders: this bounds the memory. */
const AT_ONCE = 100_000;

/**
 * Frees the candidates that no holder has. A blob that was put since this began, or within the time of grace before, is
 * left (`later`): whoever put it may not have said so yet. A reference is only ever made to bytes just put, or to bytes
 * that another reference held when this began, so what is free then stays free.
 */
export async function freeBlobs(deps: BlobDeps, request: Request): Promise<{ freed: Freed; later: Freed }> {
  const startedAt = performance.now();
  const unheld = new Map(request.candidates);
  for (const holder of deps.holders) {
    if (unheld.size === 0) break;
    for await (const digest of holder.digests(request.exceptRoots)) {
      unheld.delete(digest);
      request.signal?.throwIfAborted();
    }
  }
  const freed = { blobs: 0, bytes: 0 };
  const later = { blobs: 0, bytes: 0 };
  for (const [digest, bytes] of unheld) {
    request.signal?.throwIfAborted();
    const graceMs = deps.policy.graceMs + Math.ceil(performance.now() - startedAt);
    const gone = request.isDryRun ? bytes : await deps.blobs.deleteUnused(digest, graceMs);
    if (gone === undefined && !(await deps.blobs.has(digest))) continue;
    const sum = gone === undefined ? later : freed;
    sum.blobs += 1;
    sum.bytes += gone ?? bytes;
  }
  return { freed, later };
}

/** Frees every blob of the store that is old enough and has no holder. */
export async function sweepBlobs(deps: BlobDeps, request: Omit<Request, 'candidates'>): Promise<Freed> {
  const sum = { blobs: 0, bytes: 0 };
  const sweep = async (candidates: ReadonlyMap<Digest, number>): Promise<void> => {
    const { freed } = await freeBlobs(deps, { ...request, candidates });
    sum.blobs += freed.blobs;
    sum.bytes += freed.bytes;
  };
  let candidates = new Map<Digest, number>();
  for await (const { digest, sizeBytes } of deps.blobs.list(deps.policy.graceMs)) {
    candidates.set(digest, sizeBytes);
    if (candidates.size < AT_ONCE) continue;
    await sweep(candidates);
    candidates = new Map();
  }
  await sweep(candidates);
  return sum;
}
