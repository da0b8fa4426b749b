/** A named set of runs. `id` is shown as a decimal string; ids are never used again. */
export interface ExperimentsTable {
  id: number;
  /** Unique among deleted ones too. */
  name: string;
  artifact_location: string;
  lifecycle: 'active' | 'deleted';
  created_at: number;
  updated_at: number;
  /** When it went into the trash; null outside of it. */
  deleted_at: number | null;
}

export interface ExperimentTagsTable {
  experiment_id: number;
  key: string;
  value: string;
}

/** `key` is the compact integer that points and tags refer to; `id` is the 32 hex digits clients know. */
export interface RunsTable {
  key: number;
  id: string;
  experiment_id: number;
  name: string;
  user_id: string;
  status: 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';
  start_time: number;
  end_time: number | null;
  lifecycle: 'active' | 'deleted';
  artifact_root: string;
  /** Last change of anything of the run. */
  updated_at: number;
  /** When it went into the trash; null outside of it. */
  deleted_at: number | null;
}

/** Names of metrics, as small integers. */
export interface MetricKeysTable {
  id: number;
  name: string;
}

/**
 * Every logged point. The whole row is its key, so that a repeated point is stored once. `step` and `logged_at` are
 * 64-bit: select them as text. `value` is -Infinity for NaN (which then sorts below every number, as it must), since
 * infinities are stored as the greatest finite numbers and SQLite has no NaN.
 */
export interface MetricPointsTable {
  run_key: number;
  metric_id: number;
  step: number | bigint;
  logged_at: number | bigint;
  value: number;
}

/** Of each metric of a run: the point with the greatest (step, logged_at, value), and the extremes, NaN left out. */
export interface LatestMetricsTable extends MetricPointsTable {
  min_value: number | null;
  max_value: number | null;
}

/** That a series has blocks, which hold all its points up to a step. */
export interface MetricPyramidsTable {
  run_key: number;
  metric_id: number;
  covered_to: number | bigint;
}

/**
 * Neighbouring points of a series in one row; those of one step are never parted. The blocks of a level follow each other
 * without a point in between; a block of the next level holds four of them.
 */
export interface MetricBlocksTable {
  run_key: number;
  metric_id: number;
  /** 0 is the finest. */
  level: number;
  last_step: number | bigint;
  first_step: number | bigint;
  points: number;
  /** Those that are not NaN; null extremes and sum where there is none. */
  numbers: number;
  min_value: number | null;
  max_value: number | null;
  /** Times 2^-64: infinities are stored as the greatest numbers, whose sum would overflow. */
  scaled_sum: number | null;
}

export interface RunTextTable {
  run_key: number;
  key: string;
  value: string;
}

/** What a run says it read: MLflow's dataset, by name and digest within an experiment. */
export interface RunDatasetsTable {
  id: number;
  experiment_id: number;
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema: string | null;
  profile: string | null;
}

export interface RunDatasetInputsTable {
  run_key: number;
  dataset_id: number;
  /** JSON list of `{key, value}`. */
  tags: string;
  /** Value of the tag `mlflow.data.context`. */
  context: string | null;
}

/** Logged models that a run read or wrote. */
export interface RunModelsTable {
  run_key: number;
  direction: 'input' | 'output';
  model_id: string;
  step: number | bigint;
}

/** MLflow's logged models: `m-` and 32 hex digits. */
export interface LoggedModelsTable {
  id: string;
  experiment_id: number;
  name: string;
  model_type: string;
  status: 'LOGGED_MODEL_PENDING' | 'LOGGED_MODEL_READY' | 'LOGGED_MODEL_UPLOAD_FAILED';
  source_run_id: string | null;
  artifact_root: string;
  lifecycle: 'active' | 'deleted';
  created_at: number;
  updated_at: number;
  /** When it went into the trash; null outside of it. */
  deleted_at: number | null;
}

export interface LoggedModelTextTable {
  model_id: string;
  key: string;
  value: string;
}

/** Points logged for a model on a dataset (empty name and digest: on none). `value` as in metric_points. */
export interface LoggedModelMetricsTable {
  model_id: string;
  metric_id: number;
  dataset_name: string;
  dataset_digest: string;
  step: number | bigint;
  logged_at: number | bigint;
  value: number;
  run_id: string;
}

/** Which bytes lie under a path of a run or logged model. */
export interface ArtifactsTable {
  /** `EXPERIMENT/RUN/artifacts` or `EXPERIMENT/models/MODEL/artifacts`. */
  root: string;
  path: string;
  digest: string;
  size_bytes: number;
  stored_at: number;
}

/** What is gone for everybody, and whose rows are still being removed. */
export interface PurgesTable {
  kind: 'run' | 'logged-model';
  /** A run's integer key, or a logged model's id. */
  key: string;
  artifact_root: string;
  purged_at: number;
}

/** A file that comes in parts; the parts lie in the blob store under this id. */
export interface MultipartUploadsTable {
  /** Whoever knows it may send parts: it cannot be guessed. */
  id: string;
  root: string;
  path: string;
  parts: number;
  state: 'open' | 'completed';
  /** By real time. */
  expires_at: number;
}

export interface ExperimentsSchema {
  experiments: ExperimentsTable;
  experiment_tags: ExperimentTagsTable;
  runs: RunsTable;
  metric_keys: MetricKeysTable;
  metric_points: MetricPointsTable;
  latest_metrics: LatestMetricsTable;
  metric_pyramids: MetricPyramidsTable;
  metric_blocks: MetricBlocksTable;
  run_params: RunTextTable;
  run_tags: RunTextTable;
  run_datasets: RunDatasetsTable;
  run_dataset_inputs: RunDatasetInputsTable;
  run_models: RunModelsTable;
  logged_models: LoggedModelsTable;
  logged_model_params: LoggedModelTextTable;
  logged_model_tags: LoggedModelTextTable;
  logged_model_metrics: LoggedModelMetricsTable;
  artifacts: ArtifactsTable;
  purges: PurgesTable;
  multipart_uploads: MultipartUploadsTable;
}
