import { DATASET_CONTEXT_TAG, type Experiments, type KeyValue } from '#model/experiments';
import { DomainError } from '#kernel/errors';
import type { BlobStore } from '#ports/blob-store';
import type { NewTrackedRun, RunTracker, TrackedInput } from '../deps.ts';

type TrackingFace = Pick<
  Experiments,
  | 'ensureExperiment'
  | 'createRun'
  | 'searchRuns'
  | 'getRun'
  | 'updateRun'
  | 'runsTagged'
  | 'logBatch'
  | 'logInputs'
  | 'putArtifact'
>;

interface TrackRunsDeps {
  readonly experiments: TrackingFace;
  /** Bytes of a stored artifact. */
  readonly blobs: Pick<BlobStore, 'read'>;
}

/** Set by runs of checkouts, also on what code in their stages logs by itself (MLFLOW_RUN_CONTEXT). */
const PIPELINE_RUN_TAG = 'capstan.pipeline_run';
const ATTEMPT_TAG = 'capstan.attempt';
/** Limits of one batch and of a parameter's value. */
const PARAMS_A_BATCH = 100;
const METRICS_A_BATCH = 1_000;
const LONGEST_PARAM = 6_000;
/** MLflow's field for a dataset's digest is this long. */
const DIGEST_CHARACTERS = 36;

/** Experiment runs of stage attempts, on the face of experiments. */
export function trackRuns({ experiments, blobs }: TrackRunsDeps): RunTracker {
  async function find(experimentId: string, attemptId: string): Promise<string | undefined> {
    const page = await experiments.searchRuns({
      experimentIds: [experimentId],
      filter: `tags.\`${ATTEMPT_TAG}\` = '${attemptId}'`,
      view: 'all',
      limit: 1,
      load: { metrics: [], params: [], tags: [], inputs: false },
    });
    return page.runs[0]?.id;
  }

  return {
    ofPipelineRun: (pipelineRun) => experiments.runsTagged(PIPELINE_RUN_TAG, pipelineRun),
    async begin(run) {
      const experiment = await experiments.ensureExperiment({ name: run.experiment, cause: run.cause });
      const runId = (await find(experiment.id, run.attemptId)) ?? (await create(experiment.id, run));
      const datasets = run.inputs.map(datasetInput);
      if (datasets.length > 0) await experiments.logInputs({ runId, datasets, models: [], cause: run.cause });
      return runId;
    },
    async find(project, attemptId) {
      const experiment = await experiments.ensureExperiment({ name: project, cause: { actor: 'system' } });
      return await find(experiment.id, attemptId);
    },
    async logParams(runId, params, cause) {
      const given = [...params];
      if (given.length === 0) return;
      const run = await experiments.getRun(runId);
      const known = new Set(run.params.map((param) => param.key));
      const missing = given
        .filter(([key]) => !known.has(key))
        .map(([key, value]) => ({ key, value: value.slice(0, LONGEST_PARAM) }));
      for (let start = 0; start < missing.length; start += PARAMS_A_BATCH) {
        await experiments.logBatch({ runId, params: missing.slice(start, start + PARAMS_A_BATCH), cause });
      }
    },
    async logMetrics(runId, metrics, at, cause) {
      const points = [...metrics].map(([key, value]) => ({ key, value, timestamp: at, step: 0 }));
      for (let start = 0; start < points.length; start += METRICS_A_BATCH) {
        await experiments.logBatch({ runId, metrics: points.slice(start, start + METRICS_A_BATCH), cause });
      }
    },
    async attach(runId, { path, digest, sizeBytes }, cause) {
      const bytes = await blobs.read(digest);
      await experiments.putArtifact({
        owner: { kind: 'run', id: runId },
        path,
        bytes,
        expected: { digest, sizeBytes },
        cause,
      });
    },
    async end(runId, status, at, cause) {
      try {
        await experiments.updateRun({ id: runId, status, endTime: at, cause });
      } catch (error) {
        // Someone has deleted the run: then its end is nobody's concern.
        const isGone = error instanceof DomainError && (error.code === 'NOT_FOUND' || error.code === 'CONFLICT');
        if (!isGone) throw error;
      }
    },
  };

  async function create(experimentId: string, run: NewTrackedRun): Promise<string> {
    const tags: KeyValue[] = Object.entries({ ...run.tags, [ATTEMPT_TAG]: run.attemptId }).map(([key, value]) => ({
      key,
      value,
    }));
    const made = await experiments.createRun({
      experimentId,
      name: run.name,
      userId: run.actor,
      startTime: run.startedAt,
      tags,
      cause: run.cause,
    });
    return made.id;
  }
}

function datasetInput({ dataset, versionId, digest, stage, through }: TrackedInput) {
  const tags: KeyValue[] = [
    { key: DATASET_CONTEXT_TAG, value: stage },
    { key: 'capstan.dataset_version', value: versionId },
    ...(through === undefined ? [] : [{ key: 'capstan.through', value: through }]),
  ];
  return {
    name: dataset,
    digest: digest.replace('sha256:', '').slice(0, DIGEST_CHARACTERS),
    sourceType: 'capstan',
    source: JSON.stringify({ dataset_version: versionId, digest }),
    schema: null,
    profile: null,
    tags,
  };
}
