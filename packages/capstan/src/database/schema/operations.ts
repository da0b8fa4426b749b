import type { RolloutState } from '@capstan/api';

/** What is served under one name. */
export interface DeploymentsTable {
  name: string;
  /** Empty where no project declares it. */
  project: string;
  model: string;
  context_id: string | null;
  context_event_time: string | null;
  /** JSON: inputs and outputs whose values are not logged. */
  redacted: string;
  /** Share of the requests whose inputs and outputs are logged. */
  log_sample: number;
  /** Number of the revision that answers; null before the first has been promoted. */
  champion: number | null;
  /** Number of the last revision made. */
  last_revision: number;
  breaker_state: 'closed' | 'open';
  breaker_mode: 'fallback' | 'last-known-good' | 'stop';
  breaker_reason: string | null;
  breaker_changed_at: number | null;
  /** Probability that the baseline gives to every example; null while nobody has said or measured it. */
  baseline_probability: number | null;
  created_at: number;
}

/** Never changed after it is written. */
export interface RevisionsTable {
  deployment: string;
  number: number;
  digest: string;
  model: string;
  version: number;
  model_digest: string;
  threshold: number;
  /** JSON: adapter by column. */
  input_adapters: string;
  /** How its model runs, as JSON. */
  serving: string;
  created_at: number;
  created_by: string;
  /** As in MLflow's flavors. */
  flavor: 'onnx' | 'python_function';
  /** Of the list of the model's files; null for revisions from before they were kept. */
  package_digest: string | null;
}

/** The files of a model version that some revision serves, by the digest of their list. */
export interface ModelPackagesTable {
  package_digest: string;
  /** From the model's own folder. */
  path: string;
  digest: string;
  size_bytes: number;
}

/** Which revisions have been champion, so that one can go back. */
export interface ChampionsTable {
  deployment: string;
  since: number;
  seq: number;
  revision: number;
}

/** How the log odds of a revision's answers were moved, one row a time. */
export interface RecalibrationsTable {
  deployment: string;
  seq: number;
  revision: number;
  shift: number;
  fitted_at: number;
  window_from: number;
  window_before: number;
  rows: number;
  answered_loss: number;
  model_loss: number;
}

export interface RolloutsTable {
  id: string;
  deployment: string;
  project: string;
  revision: number;
  /** The champion it is compared with; null for the first revision. */
  from_revision: number | null;
  state: RolloutState;
  stage: number;
  verdict_id: string | null;
  cycle: string | null;
  /** JSON of the whole progress: plan, policy, evidence. */
  progress: string;
  reason: string | null;
  started_at: number;
  ended_at: number | null;
}

/** One row: the snapshot as published last. */
export interface ServingSnapshotTable {
  id: number;
  version: number;
  /** JSON: the deployments. */
  body: string;
  /** JSON: consumers and who may call what; null while there are none. */
  access: string | null;
}

export interface ServingReplicasTable {
  replica: string;
  /** Real time. */
  reported_at: number;
  report: string;
}

/** The one order of everything logged about a deployment: answers and labels take numbers from it. */
export interface PredictionCountersTable {
  deployment: string;
  last_seq: number;
}

export interface SegmentsTable {
  id: string;
  replica: string;
  received_at: number;
  records: number;
  rows: number;
  /** Raw bytes while the features wait to be written. */
  raw_digest: string | null;
}

/** One Parquet file: the inputs of one deployment's rows in one segment. */
export interface PredictionFeaturesTable {
  segment: string;
  deployment: string;
  digest: string;
  size_bytes: number;
  rows: number;
  min_event_time: number;
  max_event_time: number;
}

/** One row per example, role and revision. */
export interface PredictionsTable {
  deployment: string;
  example_id: string;
  role: 'champion' | 'canary' | 'shadow' | 'fallback' | 'direct';
  revision: number;
  project: string;
  request_id: string;
  segment: string;
  seq: number;
  rollout: string | null;
  stage: number | null;
  model_version: number;
  share: number;
  threshold: number;
  event_time: number;
  predicted_at: number;
  ingested_at: number;
  probability: number | null;
  /** Of the model's log odds, that is in the probability. */
  shift: number;
  decision: number | null;
  error: string | null;
  latency_us: number;
  /** On the first row of a request's part: how many rows it has. Else 0. */
  part_rows: number;
  /** The request was answered by more than one arm. */
  is_split: number;
  label: number | null;
  /** When it happened, as the sender says. */
  label_at: number | null;
  /** When it became known here. */
  labelled_at: number | null;
  label_seq: number | null;
  loss: number | null;
  value: number | null;
  baseline_value: number | null;
  /** Loss and value of the model alone, without the shift. Null on rows of before there were shifts. */
  model_loss: number | null;
  model_value: number | null;
}

/** Ground truth by example; those that no prediction fits yet wait here. */
export interface OutcomesTable {
  deployment: string;
  example_id: string;
  label: number;
  label_at: number;
  received_at: number;
  /** How often the label was changed after it had been given. */
  corrections: number;
  /** 1 while no prediction has come for it. */
  is_pending: number;
}

/** Labels that were changed after they had been given, in the order in which that became known here. */
export interface OutcomeCorrectionsTable {
  deployment: string;
  number: number;
  example_id: string;
}

/** The file that holds a span of a deployment's labelled predictions, and what it was made of. */
export interface FeedbackPartsTable {
  deployment: string;
  dataset: string;
  /** Event time: rows at it are in. */
  starts_at: number;
  /** Rows at it are out. */
  ends_at: number;
  /** SHA-256 of what else decides the content: names, and the files of features. */
  recipe: string;
  /** JSON list of {name, storageType}. */
  columns: string;
  /** Null where the span has no labelled row. */
  digest: string | null;
  size_bytes: number;
  rows: number;
  /** The content is as of this number of the deployment's order … */
  label_seq: number;
  /** … and of this correction. */
  correction: number;
}

/** Parquet files of the prediction log, of a deployment each. */
export interface PredictionLogFilesTable {
  deployment: string;
  /** The segment, or what several of them were made into. */
  name: string;
  digest: string;
  size_bytes: number;
  rows: number;
  /** When its first and last rows were answered. */
  min_at: number;
  max_at: number;
}

export interface OperationsSchema {
  deployments: DeploymentsTable;
  revisions: RevisionsTable;
  model_packages: ModelPackagesTable;
  champions: ChampionsTable;
  recalibrations: RecalibrationsTable;
  rollouts: RolloutsTable;
  serving_snapshot: ServingSnapshotTable;
  serving_replicas: ServingReplicasTable;
  prediction_counters: PredictionCountersTable;
  segments: SegmentsTable;
  prediction_features: PredictionFeaturesTable;
  predictions: PredictionsTable;
  outcomes: OutcomesTable;
  outcome_corrections: OutcomeCorrectionsTable;
  prediction_log_files: PredictionLogFilesTable;
  feedback_parts: FeedbackPartsTable;
}
