/** Inputs with what is expected of an application, as MLflow means evaluation datasets. Names may be given twice. */
export interface EvaluationDatasetsTable {
  /** `d-` and 32 hex digits. */
  id: string;
  name: string;
  /** Eight hex digits; others after each change of the records. */
  digest: string;
  /** JSON object: the types of the fields of records; null before the first record. */
  schema: string | null;
  record_count: number;
  /** Of the last record that it was ever given. */
  last_position: number;
  created_at: number;
  updated_at: number;
  created_by: string | null;
  updated_by: string | null;
}

export interface EvaluationDatasetTagsTable {
  dataset_id: string;
  key: string;
  value: string;
}

export interface EvaluationDatasetExperimentsTable {
  dataset_id: string;
  experiment_id: number;
}

/** One row of a dataset. Values are JSON texts, in which 1 and 1.0 are two. */
export interface EvaluationRecordsTable {
  dataset_id: string;
  /** Counts up in the order in which records came; the table is in its order. */
  position: number;
  /** `dr-` and 32 hex digits. */
  id: string;
  /** SHA-256 of the inputs, whatever the order of their keys: one record each. */
  input_hash: string;
  inputs: string;
  outputs: string | null;
  expectations: string | null;
  tags: string;
  /** JSON object of `source_type` and `source_data`. */
  source: string | null;
  created_at: number;
  updated_at: number;
  created_by: string | null;
  updated_by: string | null;
}

/** What judges the answers of an application. */
export interface ScorersTable {
  /** A UUID. */
  id: string;
  experiment_id: number;
  name: string;
  /** The greatest that it ever had: numbers do not come back. */
  last_version: number;
}

export interface ScorerVersionsTable {
  scorer_id: string;
  version: number;
  /** JSON, as the client wrote it. */
  serialized: string;
  created_at: number;
}

export interface EvaluationsSchema {
  evaluation_datasets: EvaluationDatasetsTable;
  evaluation_dataset_tags: EvaluationDatasetTagsTable;
  evaluation_dataset_experiments: EvaluationDatasetExperimentsTable;
  evaluation_records: EvaluationRecordsTable;
  scorers: ScorersTable;
  scorer_versions: ScorerVersionsTable;
}
