import type { BatchPredictionState, ServedFlavor } from '@capstan/api';

export interface BatchPredictionsTable {
  id: string;
  state: BatchPredictionState;
  reason: string | null;
  /** The row, from 1, and the column that it failed by. */
  failed_row: number | null;
  failed_column: string | null;
  /** Of the input and the result. */
  project: string;
  input_dataset: string;
  input_number: number;
  input_version: string;
  /** Null where a model version was named. */
  deployment: string | null;
  revision: number | null;
  model: string;
  model_version: number;
  flavor: ServedFlavor;
  /** Of the ONNX file; of the list of files for other flavors. */
  model_digest: string;
  package_digest: string | null;
  /** JSON: what the deployment does to inputs and answers. */
  transform: string;
  /** JSON: SQL, columns, what is kept, what a bad row does. */
  recipe: string;
  to_dataset: string | null;
  format: 'parquet' | 'csv';
  rows_total: number | null;
  rows_done: number;
  rows_failed: number;
  rows_per_second: number | null;
  output_number: number | null;
  output_version: string | null;
  result_digest: string | null;
  result_bytes: number | null;
  /** One job for each key that callers give. */
  request_key: string | null;
  executor: string;
  /** JSON: what is asked of its machine; null: what is usual. */
  resources: string | null;
  /** Of the latest try, as its executor calls it; null for the server's own. */
  machine: string | null;
  /** The latest try: what an earlier server has left running is found by it. */
  attempt: string | null;
  /** Of the job that works on it: an older one is refused. */
  fence: number;
  cancel_requested_at: number | null;
  actor: string;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface BatchPredictionsSchema {
  batch_predictions: BatchPredictionsTable;
}
