import { artifactUriOf, type DatasetInput, type Run, type RunInfo } from '#model/experiments';
import { listed, optional } from '../wire/json-reply.ts';

export function toRunInfo(run: RunInfo): object {
  return {
    run_uuid: run.id,
    run_id: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    ...optional('end_time', run.endTime),
    artifact_uri: artifactUriOf(run.artifactRoot),
    lifecycle_stage: run.lifecycle,
  };
}

export function toRun(run: Run) {
  return {
    info: toRunInfo(run),
    data: {
      ...listed(
        'metrics',
        run.metrics.map(({ key, value, timestamp, step }) => ({ key, value, timestamp, step })),
      ),
      ...listed('params', run.params),
      ...listed('tags', run.tags),
    },
    inputs: {
      ...listed('dataset_inputs', run.datasets.map(toDatasetInput)),
      ...listed(
        'model_inputs',
        run.modelInputs.map((modelId) => ({ model_id: modelId })),
      ),
    },
    outputs: listed(
      'model_outputs',
      run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
    ),
  };
}

/** What the call that makes a run answers: a new one has no outputs yet. */
export function toNewRun(run: Run): object {
  const { outputs: _, ...rest } = toRun(run);
  return rest;
}

function toDatasetInput({ tags, name, digest, sourceType, source, schema, profile }: DatasetInput): object {
  return {
    ...listed('tags', tags),
    dataset: {
      name,
      digest,
      source_type: sourceType,
      source,
      ...optional('schema', schema),
      ...optional('profile', profile),
    },
  };
}
