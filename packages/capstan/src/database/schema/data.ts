/** What the bytes of a data file hold; by content, so that a file shared by many versions is inspected once. */
export interface DataFilesTable {
  digest: string;
  format: string;
  size_bytes: number;
  rows: number;
  /** JSON list of {name, type, storageType}. */
  columns: string;
}

/** Immutable snapshots. Only status, profile, report and the extremes of event time are set later, by the check. */
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
  /** JSON, from the check on. */
  profile: string | null;
  /** JSON, from the check on. */
  report: string | null;
  created_at: number;
  checked_at: number | null;
}

export interface DataSchema {
  data_files: DataFilesTable;
  dataset_versions: DatasetVersionsTable;
}
