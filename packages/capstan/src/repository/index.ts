// A checkout with DVC's files in it, worked on with no server: what is tracked, the cache of its bytes, and how the two
// differ. Commands use it; files, hashes and places are DVC's, so that dvc and Capstan work in one checkout.
export { openRepository, rootOf, type OpenOptions, type Repository } from './open.ts';
export { initRepository, type InitOptions } from './init.ts';
export { addData, type Added } from './data/add.ts';
export { checkoutData, type CheckedOut, type CheckoutOptions } from './data/checkout.ts';
export { dataStatus, type DataState, type DataStatus } from './data/status.ts';
export { withRepositoryLock } from './locks/repository-lock.ts';
export { fetchData, fetchObjects, type FetchOptions, type WantedObject } from './remotes/fetch.ts';
export { pullData, type Pulled } from './remotes/pull.ts';
export { pushData } from './remotes/push.ts';
export type { FailedObject, Transferred, TransferOptions, TransferProgress } from './remotes/transfer.ts';
export { openRemoteOf, remoteSettings, type RemoteSource } from './remotes/which-remote.ts';
export { chosenUse, isCachedData, usedData, type CachedData, type UsedData } from './data/used-data.ts';
export { fetchRunCache, pushRunCache } from './remotes/run-cache.ts';
