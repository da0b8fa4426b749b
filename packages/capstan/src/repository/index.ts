// A checkout with DVC's files in it, worked on with no server: what is tracked, the cache of its bytes, and how the two
// differ. Commands use it; files, hashes and places are DVC's, so that dvc and Capstan work in one checkout.
export { openRepository, relativePath, rootOf, type OpenOptions, type Repository } from './open.ts';
export { initRepository, type InitOptions } from './init.ts';
export { addData, type Added } from './data/add.ts';
export { checkoutData, type CheckedOut, type CheckoutOptions } from './data/checkout.ts';
export { repositoryStatus, type RepositoryStatus } from './status/repository-status.ts';
export type { ChangedEntry, ChangedPath, FolderChanges, PathState } from './status/model.ts';
export { withRepositoryLock } from './locks/repository-lock.ts';
export type { LockOptions } from './locks/file-lock.ts';
export { reproduce, type ReproduceOptions, type ReproReport, type StageReport } from './pipelines/reproduce.ts';
export { whyLine, whyText, type WhyStage } from './pipelines/model.ts';
export { clearOldRuns, unsentRuns } from './pipelines/run-folder.ts';
export { journalOf, markSent } from './reporting/journal.ts';
export { projectName, readLines, type JournalLine } from './reporting/model.ts';
export { commitStages, type Committed } from './pipelines/commit.ts';
export { freezeStages } from './pipelines/freeze.ts';
export { readDag, type DagNode } from './pipelines/dag.ts';
export { lookAhead, type Outlook } from './pipelines/look-ahead.ts';
export { openRevisions, type NamedCommit, type RevisionChoice, type Revisions } from './revisions/revisions.ts';
export { experimentRefs, type ExperimentRef } from './revisions/refs.ts';
export { checkoutState } from './revisions/checkout-state.ts';
export { readStateText, WORKSPACE, type RepositoryState, type StateEntry } from './revisions/state.ts';
export {
  readTracked,
  type FoundData,
  type FoundPipeline,
  type Tracked,
  type TrackedOutput,
} from './revisions/tracked.ts';
export { findGarbage, removeGarbage, type CollectOptions, type Garbage } from './collect/collect-garbage.ts';
export type { CollectScope } from './collect/scope.ts';
export { findEvictions } from './collect/evict.ts';
export { repairData } from './collect/repair-data.ts';
export { verifyData, type UnfitObject } from './collect/verify-data.ts';
export { diffData, type DataDiffOptions } from './compare/data-diff.ts';
export type { DataDiff, DiffEntry } from './compare/renames.ts';
export { removeData, type Removed } from './data/remove.ts';
export { getData, type Got } from './source/get-data.ts';
export { importData, importUrl } from './source/import-data.ts';
export type { SourceAccess } from './source/open-source.ts';
export type { Imported, ImportExtent } from './source/place-import.ts';
export { updateImports } from './source/update-imports.ts';
export {
  diffMetrics,
  diffParams,
  showMetrics,
  type NamedValues,
  type ValueProblem,
  type ValuesDiff,
  type ValuesDiffOptions,
} from './compare/values.ts';
export { flattenValues, type FlatValue, type ValueChange } from './compare/value-diff.ts';
export type { FileValues, StateValues } from './compare/state-values.ts';
export { valuesJson } from './compare/values-json.ts';
/** Text of a float as files of values have it. */
export { pythonFloat as floatText } from '#protocols/dvc';
export { collectPlots, type PlotOptions } from './plots/collect.ts';
export type { PlotOverrides } from './plots/definitions.ts';
export type { DrawnPlot, PlotSet } from './plots/model.ts';
export { writePlotFiles, writePlotsPage } from './plots/write-plots.ts';
export { fetchData, fetchObjects, type FetchOptions, type WantedObject } from './remotes/fetch.ts';
export { pullData, type Pulled } from './remotes/pull.ts';
export { pushData } from './remotes/push.ts';
export type { FailedObject, Transferred, TransferOptions, TransferProgress } from './remotes/transfer.ts';
export { openRemoteOf, remoteSettings, type RemoteSource } from './remotes/which-remote.ts';
export { chosenUse, isCachedData, usedData, type CachedData, type UsedData } from './data/used-data.ts';
export { fetchRunCache, pushRunCache } from './remotes/run-cache.ts';
export {
  addRemote,
  listRemotes,
  modifyRemote,
  removeRemote,
  setDefaultRemote,
  type ListedRemote,
  type RemoteLevel,
} from './remotes/edit-remotes.ts';
export { mergeLockFiles } from './merge-lock-files.ts';
export {
  showExperiments,
  type Baseline,
  type Experiment,
  type ExperimentValues,
  type ShowExperimentsOptions,
} from './experiments/experiments.ts';
export { experimentTable, onlyChanged, sortedBy, type ExperimentTable } from './experiments/table.ts';
export { applyExperiment } from './experiments/apply-experiment.ts';
export {
  keepExperiment,
  nameExperiment,
  type KeepOptions,
  type KeptExperiment,
} from './experiments/keep-experiment.ts';
export { setParams } from './experiments/set-params.ts';
