// Words of evaluation datasets and scorers, as MLflow means them. Pure.
import type { KeyValue } from '#model/experiments';

export interface EvaluationDataset {
  /** `d-` and 32 hex digits. */
  readonly id: string;
  /** Others may have it too. */
  readonly name: string;
  /** Eight hex digits; others after each change of the records. */
  readonly digest: string;
  /** JSON object: the types of the fields of all records that it ever had; null before the first. */
  readonly schema: string | null;
  readonly recordCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Who the client says it was. */
  readonly createdBy: string | null;
  readonly updatedBy: string | null;
  /** Sorted by key. */
  readonly tags: readonly KeyValue[];
}

/** Where a record comes from. */
export const recordSources = ['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', 'CODE'] as const;
export type RecordSource = (typeof recordSources)[number];

export interface RecordOrigin {
  readonly type: RecordSource;
  /** Of the trace, or whatever else the client calls `source_id`. */
  readonly id: string | null;
  /** JSON object of `source_type` and `source_data`. */
  readonly json: string;
}

/** One row. Its values are JSON texts as Python writes them, in which 1 and 1.0 are two, and NaN is a number. */
export interface EvaluationRecord {
  /** `dr-` and 32 hex digits. */
  readonly id: string;
  readonly inputs: string;
  readonly outputs: string | null;
  readonly expectations: string | null;
  readonly tags: string;
  readonly source: RecordOrigin | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: string | null;
  readonly updatedBy: string | null;
}

export interface ScorerVersion {
  readonly experimentId: string;
  readonly scorerId: string;
  readonly name: string;
  readonly version: number;
  /** JSON, as the client wrote it. */
  readonly serialized: string;
  readonly createdAt: number;
}

/** The tag by which clients say who acts. */
export const USER_TAG = 'mlflow.user';

/** As what clients log an evaluation dataset as an input of a run. Its source there is JSON that holds its id. */
export const SOURCE_TYPE = 'mlflow_evaluation_dataset';
