/** What the bytes of a data file hold; by content, so that a file shared by many versions is inspected once. */
export interface DataFilesTable {
  digest: string;
  format: string;
  size_bytes: number;
  rows: number;
  /** JSON list of {name, type, storageType}. */
  columns: string;
  /** As DVC names content; null until somebody asked. */
  md5: string | null;
}

/** What a read of a data file to its end found; a row is only there when that went well. By content, as `data_files`. */
export interface DataFileScansTable {
  digest: string;
  format: string;
  /** Column of the event time; empty where there is none. */
  time_column: string;
  time_min: number | null;
  time_max: number | null;
  /** Rows without event time. */
  untimed_rows: number;
}

/** Immutable snapshots. Status, report and the extremes of event time are set later, by the check, which may also put rows aside; the profile then or when asked for. */
export interface DatasetVersionsTable {
  id: string;
  project: string;
  dataset: string;
  number: number;
  digest: string;
  status: 'pending' | 'accepted' | 'quarantined';
  origin: 'files' | 'predictions' | 'derived';
  rows: number;
  size_bytes: number;
  file_count: number;
  /** JSON list of {path, digest, sizeBytes, rows, format}. */
  files: string;
  /** JSON list of {name, type, storageType}. */
  columns: string;
  event_time_column: string | null;
  event_time_min: number | null;
  event_time_max: number | null;
  /** JSON list of {versionId, how}. */
  parents: string;
  /** SHA-256 of how a derived version is made: the same cut of the same versions is made once. */
  recipe_digest: string | null;
  /** JSON, from the check on, or from when somebody first asks for it. */
  profile: string | null;
  /** JSON, from the check on. */
  report: string | null;
  /** Digest of what was registered, where the check put rows of it aside. */
  registered_digest: string | null;
  quarantined_rows: number;
  /** JSON of the rows put aside: where they are, how many by rule, and what they were taken from. */
  quarantine: string | null;
  created_at: number;
  checked_at: number | null;
}

/** Runs that brought the online store up to date. */
export interface FeatureMaterializationsTable {
  project: string;
  view: string;
  number: number;
  status: 'succeeded' | 'failed';
  reason: string | null;
  /** Of the view's definition, data aside. */
  definition_digest: string;
  /** JSON: version id by dataset. */
  versions: string;
  /** JSON lists of {name, type, storageType}. */
  entity_columns: string;
  features: string;
  entities: number;
  written: number;
  removed: number;
  newest: number | null;
  started_at: number;
  ended_at: number;
}

/** The newest features of each entity. */
export interface OnlineFeaturesTable {
  project: string;
  view: string;
  /** JSON list of the entity's values, in the order of the view's entities. */
  entity: string;
  event_time: number;
  /** JSON: value by feature. */
  features: string;
}

/** The last check of each feature view. */
export interface FeatureChecksTable {
  project: string;
  view: string;
  checked_at: number;
  report: string;
}

export interface TrainingSetsTable {
  id: string;
  project: string;
  /** SHA-256 of how it is made: the same of the same versions is made once. */
  recipe_digest: string;
  rows_from: string;
  event_time: string;
  /** JSON list of `view:feature`. */
  features: string;
  /** JSON: version id by dataset. */
  versions: string;
  /** JSON list of {name, type}. */
  columns: string;
  rows: number;
  size_bytes: number;
  digest: string;
  created_at: number;
}

/** Trials of suites against faults. */
export interface ExpectationTestsTable {
  id: string;
  project: string;
  dataset: string;
  version_id: string;
  number: number;
  seed: number;
  /** Most faults asked for. */
  most_faults: number;
  status: 'running' | 'done' | 'failed';
  suite_path: string | null;
  suite_digest: string | null;
  injected: number;
  caught: number;
  stopped: number;
  error: string | null;
  /** JSON {faults, brokenBefore}, once it is done. */
  outcome: string | null;
  created_at: number;
  ended_at: number | null;
}

export interface DataSchema {
  expectation_tests: ExpectationTestsTable;
  data_files: DataFilesTable;
  data_file_scans: DataFileScansTable;
  dataset_versions: DatasetVersionsTable;
  feature_materializations: FeatureMaterializationsTable;
  online_features: OnlineFeaturesTable;
  feature_checks: FeatureChecksTable;
  training_sets: TrainingSetsTable;
}
