import { existsSync, renameSync, rmSync } from 'node:fs';
import { isFolderId } from '../model.ts';
import type { Repository } from '../open.ts';
import { fetchObjects } from '../remotes/fetch.ts';
import { NOTHING, together, type Transferred, type TransferOptions } from '../remotes/transfer.ts';
import { verifyData, type UnfitObject, type VerifiedData, type VerifyDataOptions } from './verify-data.ts';

export interface RepairedData extends VerifiedData {
  /** What was not as it should be and is now. */
  readonly repaired: readonly UnfitObject[];
}

/**
 * Verifies data and brings what is damaged or missing from the remote. A damaged object stays where the remote has no better one.
 * What nothing in the checkout needs is only named.
 * @throws DomainError as `verifyData` and `fetchObjects`
 */
export async function repairData(
  repository: Repository,
  given: readonly string[],
  options: VerifyDataOptions & { readonly transfer?: TransferOptions } = {},
): Promise<RepairedData> {
  const before = await verifyData(repository, given, options);
  const toMend = before.unfit.filter(({ neededBy }) => neededBy !== undefined);
  if (toMend.length === 0) return { ...before, repaired: [] };
  const lost = await bringAgain(repository, toMend, options.transfer ?? {});
  const repaired = toMend.filter(({ md5 }) => !lost.has(md5));
  // What a list names could not be looked at before the list was there.
  const isListed = repaired.some(isFolderId);
  const after = isListed ? await verifyData(repository, given, options) : undefined;
  const unfit = after?.unfit ?? before.unfit.filter((object) => !repaired.includes(object));
  return { checked: after?.checked ?? before.checked, unfit, repaired };
}

/** @returns which could not be had */
async function bringAgain(
  repository: Repository,
  toMend: readonly UnfitObject[],
  options: TransferOptions,
): Promise<ReadonlySet<string>> {
  const aside = new Map(toMend.map((object) => [object, `${object.file}.${process.pid}.tmp`]));
  // One that was found whole once and has kept its time would be taken for whole.
  for (const [{ file }, moved] of aside) if (existsSync(file)) renameSync(file, moved);
  try {
    let done: Transferred = NOTHING;
    for (const [remote, some] of Map.groupBy(toMend, (object) => object.remote ?? options.remote)) {
      const wanted = some.map(({ md5, scheme, neededBy = '' }) => ({ md5, scheme, path: neededBy }));
      done = together(done, await fetchObjects(repository, wanted, { ...options, remote }));
    }
    return new Set(done.failed.map(({ md5 }) => md5));
  } finally {
    for (const [{ file }, moved] of aside) {
      if (!existsSync(moved)) continue;
      if (existsSync(file)) rmSync(moved, { force: true });
      else renameSync(moved, file);
    }
  }
}
