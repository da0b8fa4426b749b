// Words and rules of experiments, as MLflow means them. Pure.
import type { Int64 } from '#kernel/int64';
import type { Digest } from '#ports/blob-store';

export type Lifecycle = 'active' | 'deleted';
/** Which objects a list shows. */
export type View = 'active' | 'deleted' | 'all';

export const runStatuses = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof runStatuses)[number];
/** Those after which a run does no more, as far as it has said. */
export const endedStatuses: ReadonlySet<RunStatus> = new Set(['FINISHED', 'FAILED', 'KILLED']);

/** Whether a run goes on, as far as its writes tell. `lost`: it claims to run, and nothing was heard of it for too long. */
export type Liveness = 'scheduled' | 'running' | 'lost' | 'ended';

/**
 * Derived at each read and never stored: a client that comes back makes its run `running` again, and no ending is made up
 * for one that does not. Times in milliseconds.
 */
export function livenessOf(
  run: { readonly status: RunStatus; readonly updatedAt: number },
  now: number,
  lostAfterMs: number,
): Liveness {
  switch (run.status) {
    case 'SCHEDULED':
      return 'scheduled';
    case 'RUNNING':
      return now - run.updatedAt > lostAfterMs ? 'lost' : 'running';
    case 'FINISHED':
    case 'FAILED':
    case 'KILLED':
      return 'ended';
  }
}

export const loggedModelStatuses = [
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
] as const;
export type LoggedModelStatus = (typeof loggedModelStatuses)[number];

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Experiment {
  /** Decimal digits. */
  readonly id: string;
  readonly name: string;
  /** Where artifacts of its runs go: `mlflow-artifacts:/…`. */
  readonly artifactLocation: string;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
}

/** One measured value. `timestamp` is in milliseconds; NaN is a value, infinities are not. */
export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly timestamp: Int64;
  readonly step: Int64;
}

/** A point as it is logged: perhaps of a logged model, perhaps on a dataset. */
export interface MetricInput extends MetricPoint {
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** The point that counts (greatest step, then time, then value) with the extremes over all points, NaN left out. */
export interface LatestMetric extends MetricPoint {
  readonly min: number | null;
  readonly max: number | null;
}

/** A run's own facts, without what was logged to it. */
export interface RunInfo {
  /** 32 hex digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly lifecycle: Lifecycle;
  /** `EXPERIMENT/RUN/artifacts`. */
  readonly artifactRoot: string;
  /** Last time anything of it changed. */
  readonly updatedAt: number;
}

/** What a run says it read. */
export interface DatasetInput {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly tags: readonly KeyValue[];
}

export interface ModelReference {
  readonly modelId: string;
  readonly step: Int64;
}

export interface Run extends RunInfo {
  readonly metrics: readonly LatestMetric[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasets: readonly DatasetInput[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly ModelReference[];
}

export interface LoggedModelMetric extends MetricPoint {
  readonly runId: string;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

export interface LoggedModel {
  /** `m-` and 32 hex digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly status: LoggedModelStatus;
  readonly sourceRunId: string | null;
  /** `EXPERIMENT/models/MODEL/artifacts`. */
  readonly artifactRoot: string;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
  readonly params: readonly KeyValue[];
  readonly metrics: readonly LoggedModelMetric[];
}

/** A file under a run or logged model. `path` is inside the root. */
export interface ArtifactFile {
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** A file or folder of a listing. `path` is inside the root. */
export type ArtifactEntry =
  | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: number; readonly digest: Digest }
  | { readonly kind: 'folder'; readonly path: string };

/** Tag that carries a run's name. */
export const RUN_NAME_TAG = 'mlflow.runName';
/** Tag of a nested run that names the run it belongs to. */
export const PARENT_RUN_TAG = 'mlflow.parentRunId';
/** Tag of a dataset input that says what it was for: training, evaluation. */
export const DATASET_CONTEXT_TAG = 'mlflow.data.context';

export const ARTIFACT_SCHEME = 'mlflow-artifacts:/';

/** The URI under which MLflow clients reach an artifact root. */
export function artifactUriOf(root: string): string {
  return ARTIFACT_SCHEME + root;
}
