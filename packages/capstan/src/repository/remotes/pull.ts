import { checkoutUsed, type CheckedOut, type CheckoutOptions } from '../data/checkout.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { chosenUse, isCachedData, usedData } from '../data/used-data.ts';
import { fetchData } from './fetch.ts';
import type { Transferred, TransferOptions } from './transfer.ts';

export interface Pulled extends Transferred {
  readonly data: readonly CheckedOut[];
}

/**
 * Fetches tracked data and makes the checkout have it. Data of which an object could not be fetched stays as it is.
 * @throws DomainError as `fetchData` and `checkoutData`
 */
export async function pullData(
  repository: Repository,
  targets: readonly string[],
  options: TransferOptions & { readonly checkout?: CheckoutOptions } = {},
): Promise<Pulled> {
  const fetched = await fetchData(repository, targets, options);
  const all = chosenUse(repository, await usedData(repository), targets).filter(isCachedData);
  const { remote } = options;
  const chosen = all.filter((data) => data.remote === undefined || remote === undefined || data.remote === remote);
  const complete = fetched.failed.length === 0 ? chosen : chosen.filter(({ id }) => isWhole(repository, id));
  return { ...fetched, data: await checkoutUsed(repository, complete, options.checkout) };
}

function isWhole({ cache }: Repository, id: ObjectId): boolean {
  if (!cache.has(id)) return false;
  if (!isFolderId(id)) return true;
  const digests = Buffer.from(
    cache
      .readFolder(id)
      .map(({ md5 }) => md5)
      .join(''),
    'hex',
  );
  return cache.missing(digests, id.scheme).length === 0;
}
