// DVC's files: dvc.yaml with templating, values files, dvc.lock, hashes and the layout of its cache. Formats only: it
// runs nothing and keeps nothing. Implements the PipelineFormat that model/pipelines declares; app.ts joins the two.
// Written to the behaviour of dvc 3.67.1; golden/ holds what that version wrote.
export { createDvcFormat } from './dvc-format.ts';
export {
  readDataFile,
  writeDataFile,
  type DataDependency,
  type DataFile,
  type DataOutput,
  type SourceRepository,
} from './objects/data-file.ts';
export { objectPath, runPath, type HashScheme } from './objects/object-place.ts';
export { IGNORE_FILE, rootIgnoreRules, type IgnoreRules } from './ignore/ignore-rules.ts';
export {
  readConfig,
  type ConfigLevel,
  type ConfigText,
  type DvcConfig,
  type LinkType,
  type RemoteConfig,
} from './config/config-file.ts';
export { removeConfigSection, setConfigOption } from './config/edit-config.ts';
export { listingPieces, readListingColumns, type ListedFile } from './objects/folder-listing.ts';
export { withIgnored, withoutIgnored } from './ignore/git-ignore.ts';
export { readPipelineFile, type PipelineFiles, type PipelineSource } from './pipeline/read-pipeline.ts';
export type { ValueUse } from './pipeline/read-stage.ts';
export { withFrozenStage } from './pipeline/freeze-stage.ts';
export { mergeLocks, readLock, type Lock } from './lock/lock-text.ts';
export { resultKey, resultValue, type LockedPath, type LockedStage } from './lock/lock-entry.ts';
export { encodeEntry as writeResult, readResult } from './lock/lock-file.ts';
export { findParams, refuseMissing, type FoundParams } from './pipeline/param-values.ts';
export { readValues, readValuesText, selectValue, type Values } from './text/value-files.ts';
export { pythonRepr } from './pipeline/python-repr.ts';
export { pythonFloat } from './text/python-text.ts';
export { readMetrics } from './pipeline/metrics-file.ts';
export { overrideParams } from './pipeline/override-params.ts';
