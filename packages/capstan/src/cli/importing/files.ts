import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '#kernel/errors';
import type { FileOwner, SourceFile, TrackingSource } from '#ports/tracking-source';
import type { Progress } from './progress.ts';
import { isRefusal } from './runs.ts';
import type { Target } from './target.ts';

/** Files of one call. */
const AT_ONCE = 1_000;

/** Files of an owner as the source lists them; null where they cannot be reached, which is told. */
export async function listFiles(
  source: TrackingSource,
  owner: FileOwner,
  progress: Progress,
): Promise<readonly SourceFile[] | null> {
  if (owner.artifactUri === '') return [];
  try {
    return await source.files(owner);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const hint = error.hint === undefined ? '' : ` ${error.hint}`;
    progress.tell({ event: 'refused', what: `files of ${owner.kind} ${owner.id}`, reason: `${error.message}.${hint}` });
    return null;
  }
}

/** Brings the files that are not there yet; true when all of them are. */
export async function bringFiles(
  source: TrackingSource,
  target: Target,
  owner: FileOwner,
  files: readonly SourceFile[],
  progress: Progress,
): Promise<boolean> {
  let isWhole = true;
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const part = files.slice(start, start + AT_ONCE);
    if (!(await bringPart(source, target, owner, part, progress))) isWhole = false;
  }
  return isWhole;
}

async function bringPart(
  source: TrackingSource,
  target: Target,
  owner: FileOwner,
  files: readonly SourceFile[],
  progress: Progress,
): Promise<boolean> {
  const refuse = (what: string, reason: string): false => {
    progress.tell({ event: 'refused', what, reason });
    return false;
  };
  const digests = new Map<string, string>();
  if (source.hasLocalFiles) for (const file of files) digests.set(file.path, await digestOf(source, owner, file));
  const ask = (asked: readonly SourceFile[]) =>
    target.call(() =>
      target.client.imports.linkFiles({
        body: {
          owner: owner.kind,
          id: owner.id,
          files: asked.map(({ path, sizeBytes }) => ({ path, sizeBytes, digest: digests.get(path) })),
        },
      }),
    );
  let isWhole = true;
  const missing: string[] = [];
  try {
    const answer = await ask(files);
    missing.push(...answer.missing);
    progress.counts.files += answer.linked;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (files.length === 1) return refuse(`file ${files[0]?.path} of ${owner.kind} ${owner.id}`, error.problem.detail);
    // One path that is refused keeps no other file out.
    for (const file of files) if (!(await bringPart(source, target, owner, [file], progress))) isWhole = false;
    return isWhole;
  }
  const wanted = new Set(missing);
  for (const file of files) {
    if (!wanted.has(file.path)) continue;
    try {
      await target.putFile({
        ...file,
        owner: owner.kind,
        id: owner.id,
        digest: digests.get(file.path),
        open: () => source.open(owner, file),
      });
      progress.counts.files += 1;
      progress.counts.bytes += file.sizeBytes;
      progress.moved();
    } catch (error) {
      if (!isRefusal(error) && !(error instanceof DomainError)) throw error;
      isWhole = refuse(`file ${file.path} of ${owner.kind} ${owner.id}`, error.message);
    }
  }
  return isWhole;
}

async function digestOf(source: TrackingSource, owner: FileOwner, file: SourceFile): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(await source.open(owner, file), hash);
  return `sha256:${hash.digest('hex')}`;
}
