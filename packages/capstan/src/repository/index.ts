// A checkout with DVC's files in it, worked on with no server: what is tracked, the cache of its bytes, and how the two
// differ. Commands use it; files, hashes and places are DVC's, so that dvc and Capstan work in one checkout.
export { openRepository, rootOf, type OpenOptions, type Repository } from './open.ts';
export { initRepository, type InitOptions } from './init.ts';
export { addData, type Added } from './data/add.ts';
export { checkoutData, type CheckedOut, type CheckoutOptions } from './data/checkout.ts';
export { dataStatus, type DataState, type DataStatus } from './data/status.ts';
export { withRepositoryLock } from './locks/repository-lock.ts';
export type { LockOptions } from './locks/file-lock.ts';
export { reproduce, type ReproduceOptions, type ReproReport, type StageReport } from './pipelines/reproduce.ts';
export { whyLine, whyText, type WhyStage } from './pipelines/model.ts';
export { readDag, type DagNode } from './pipelines/dag.ts';
export { lookAhead, stageStatus, type Outlook, type StageStatus } from './pipelines/look-ahead.ts';
