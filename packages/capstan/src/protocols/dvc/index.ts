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
} from './data-file.ts';
export { objectPath, runPath, type HashScheme } from './object-place.ts';
export { IGNORE_FILE, rootIgnoreRules, type IgnoreRules } from './ignore-rules.ts';
export {
  readConfig,
  type ConfigLevel,
  type ConfigText,
  type DvcConfig,
  type LinkType,
  type RemoteConfig,
} from './config-file.ts';
export { removeConfigSection, setConfigOption } from './edit-config.ts';
export { listingPieces, readListing, readListingColumns, type ListedFile } from './folder-listing.ts';
export { withIgnored, withoutIgnored } from './git-ignore.ts';
export { readPipelineFile, type PipelineFiles, type PipelineSource } from './read-pipeline.ts';
export type { ValueUse } from './read-stage.ts';
export { withFrozenStage } from './freeze-stage.ts';
export { mergeLocks, readLock, type Lock } from './lock-text.ts';
export { resultKey, resultValue, type LockedPath, type LockedStage } from './lock-entry.ts';
export { encodeEntry as writeResult, readResult } from './lock-file.ts';
export { findParams, refuseMissing, type FoundParams } from './param-values.ts';
export { readValues, readValuesText, selectValue, type Values } from './value-files.ts';
export { pythonRepr } from './python-repr.ts';
export { pythonFloat } from './python-text.ts';
export { readMetrics } from './metrics-file.ts';
export { overrideParams } from './override-params.ts';
