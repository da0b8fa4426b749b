import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DatabaseSync } from 'node:sqlite';
import { conflict, invalid } from '#kernel/errors';
import type { TrackingSink } from '#ports/tracking-sink';
import type {
  FileOwner,
  RunPoints,
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourceRun,
  SourceTrace,
} from '#ports/tracking-source';
import { schema } from './schema.ts';
import { writeDataset, writeRecord, writeScorer, writeSpans, writeTrace } from './write-traces.ts';
import { createWriter, newId, type Writer } from './writer.ts';

const DATABASE = 'mlflow.db';
const FILES = 'artifacts';
/** MLflow keeps infinities as the greatest numbers. */
const GREATEST = Number.MAX_VALUE;
const modelStatuses = { LOGGED_MODEL_PENDING: 1, LOGGED_MODEL_READY: 2, LOGGED_MODEL_UPLOAD_FAILED: 3 } as const;

/**
 * Writes into an empty folder, made where there is none. The database is there under its name once it is whole.
 * @throws DomainError CONFLICT when something is in the folder
 */
export function createMlflowExport(folder: string): TrackingSink {
  mkdirSync(folder, { recursive: true });
  const unfinished = join(folder, `${DATABASE}.unfinished`);
  if (readdirSync(folder).length > 0) {
    throw conflict(`There is something in ${folder} already`, {
      field: 'folder',
      hint: 'Give a folder that is empty, or a new one.',
    });
  }
  const file = new DatabaseSync(unfinished);
  // Only a finished database gets its name: until then a lost power costs nothing but another try.
  file.exec('pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off;');
  file.exec(schema);
  const into = createWriter(file);
  /** Datasets by experiment, name and digest. */
  const datasets = new Map<string, string>();

  return {
    experiments: (experiments) => into.together(() => experiments.forEach((one) => writeExperiment(into, one))),
    runs: (runs) => into.together(() => runs.forEach((run) => writeRun(into, run, datasets))),
    points: (points) => into.together(() => writePoints(into, points)),
    loggedModels: (models) => into.together(() => models.forEach((model) => writeLoggedModel(into, model))),
    registeredModel: (model) => into.together(() => writeModel(into, model)),
    traces: (traces) =>
      into.together(() => {
        for (const trace of traces) writeTrace(into, trace, `mlflow-artifacts:/${traceRoot(trace)}`);
      }),
    spans: (trace, spans) => into.together(() => writeSpans(into, trace, spans)),
    evaluationDataset: (dataset) => into.together(() => writeDataset(into, dataset)),
    records: (datasetId, records) =>
      into.together(() => records.forEach((record) => writeRecord(into, datasetId, record))),
    scorer: (scorer) => into.together(() => writeScorer(into, scorer)),
    async file(owner, path, bytes) {
      const root = resolve(folder, FILES, rootOf(owner));
      const target = resolve(root, path);
      if (!target.startsWith(root + sep)) throw invalid(`'${path}' leads out of its folder`, { field: 'path' });
      mkdirSync(dirname(target), { recursive: true });
      await pipeline(bytes, createWriteStream(target));
    },
    async finish() {
      into.together(() => file.exec(latestOfAll));
      file.close();
      mkdirSync(join(folder, FILES), { recursive: true });
      renameSync(unfinished, join(folder, DATABASE));
      const path = resolve(folder);
      return [
        'mlflow server \\',
        `  --backend-store-uri sqlite:///${join(path, DATABASE)} \\`,
        `  --artifacts-destination ${join(path, FILES)}`,
      ];
    },
    async discard() {
      if (existsSync(unfinished)) {
        file.close();
        await rm(unfinished, { force: true });
        await rm(join(folder, FILES), { recursive: true, force: true });
      }
    },
  };
}

function writeExperiment(into: Writer, experiment: SourceExperiment): void {
  into.row('experiments', {
    experiment_id: Number(experiment.id),
    name: experiment.name,
    artifact_location: `mlflow-artifacts:/${experiment.id}`,
    lifecycle_stage: experiment.lifecycle,
    creation_time: experiment.createdAt,
    last_update_time: experiment.updatedAt,
  });
  for (const [key, value] of Object.entries(experiment.tags))
    into.row('experiment_tags', { key, value, experiment_id: Number(experiment.id) });
}

function writeRun(into: Writer, run: SourceRun, datasets: Map<string, string>): void {
  into.row('runs', {
    run_uuid: run.id,
    name: run.name,
    source_type: 'UNKNOWN',
    source_name: '',
    entry_point_name: '',
    user_id: run.user,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
    source_version: '',
    lifecycle_stage: run.lifecycle,
    artifact_uri: `mlflow-artifacts:/${rootOf({ kind: 'run', id: run.id, artifactUri: run.artifactUri })}`,
    experiment_id: Number(run.experimentId),
    // MLflow's own clean-up starts to count here, not at 1970.
    deleted_time: run.lifecycle === 'deleted' ? (run.endTime ?? run.startTime) : null,
  });
  for (const [key, value] of Object.entries(run.params)) into.row('params', { key, value, run_uuid: run.id });
  for (const [key, value] of Object.entries(run.tags)) into.row('tags', { key, value, run_uuid: run.id });
  for (const dataset of run.datasets) {
    const place = JSON.stringify([run.experimentId, dataset.name, dataset.digest]);
    let id = datasets.get(place);
    if (id === undefined) {
      datasets.set(place, (id = newId()));
      into.row('datasets', {
        dataset_uuid: id,
        experiment_id: Number(run.experimentId),
        name: dataset.name,
        digest: dataset.digest,
        dataset_source_type: dataset.sourceType,
        dataset_source: dataset.source,
        dataset_schema: dataset.schema,
        dataset_profile: dataset.profile,
      });
    }
    const input = writeInput(into, ['DATASET', id], ['RUN', run.id], 0);
    for (const [name, value] of Object.entries(dataset.tags))
      into.row('input_tags', { input_uuid: input, name, value });
  }
  for (const model of run.modelInputs) writeInput(into, ['RUN_INPUT', run.id], ['MODEL_INPUT', model], 0);
  for (const { modelId, step } of run.modelOutputs)
    writeInput(into, ['RUN_OUTPUT', run.id], ['MODEL_OUTPUT', modelId], step);
}

function writeInput(
  into: Writer,
  [sourceType, source]: readonly [string, string],
  [targetType, target]: readonly [string, string],
  step: number | bigint,
): string {
  const id = newId();
  into.row('inputs', {
    input_uuid: id,
    source_type: sourceType,
    source_id: source,
    destination_type: targetType,
    destination_id: target,
    step,
  });
  return id;
}

function writePoints(into: Writer, { runId, metrics }: RunPoints): void {
  for (const { key, steps, timestamps, values } of metrics) {
    for (const [index, value] of values.entries()) {
      into.row('metrics', {
        key,
        value: storedValue(value),
        timestamp: timestamps[index] ?? 0,
        run_uuid: runId,
        step: steps[index] ?? 0,
        is_nan: Number.isNaN(value) ? 1 : 0,
      });
    }
  }
}

/** Of each metric the point with the greatest step, then time, then value: as MLflow keeps it while it logs. */
const latestOfAll = `insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
  select key, value, timestamp, step, is_nan, run_uuid from (
    select *, row_number() over (
      partition by run_uuid, key order by step desc, timestamp desc, is_nan, value desc) as place from metrics)
   where place = 1`;

function writeLoggedModel(into: Writer, model: SourceLoggedModel): void {
  const experiment = Number(model.experimentId);
  into.row('logged_models', {
    model_id: model.id,
    experiment_id: experiment,
    name: model.name,
    artifact_location: `mlflow-artifacts:/${model.experimentId}/models/${model.id}/artifacts`,
    creation_timestamp_ms: model.createdAt,
    last_updated_timestamp_ms: model.updatedAt,
    status: modelStatuses[model.status],
    lifecycle_stage: model.lifecycle,
    model_type: model.modelType,
    source_run_id: model.sourceRunId,
  });
  const own = { model_id: model.id, experiment_id: experiment };
  for (const [key, value] of Object.entries(model.params))
    into.row('logged_model_params', { ...own, param_key: key, param_value: value });
  for (const [key, value] of Object.entries(model.tags))
    into.row('logged_model_tags', { ...own, tag_key: key, tag_value: value });
  for (const { key, steps, timestamps, values, runId, datasetName, datasetDigest } of model.metrics) {
    for (const [index, value] of values.entries()) {
      into.row('logged_model_metrics', {
        ...own,
        metric_name: key,
        metric_timestamp_ms: timestamps[index] ?? 0,
        metric_step: steps[index] ?? 0,
        metric_value: Number.isNaN(value) ? null : storedValue(value),
        run_id: runId,
        dataset_name: datasetName === '' ? null : datasetName,
        dataset_digest: datasetDigest === '' ? null : datasetDigest,
      });
    }
  }
}

function writeModel(into: Writer, model: SourceModel): void {
  const { name } = model;
  into.row('registered_models', {
    name,
    creation_time: model.createdAt,
    last_updated_time: model.updatedAt,
    description: model.description,
  });
  for (const [key, value] of Object.entries(model.tags)) into.row('registered_model_tags', { key, value, name });
  for (const version of model.versions) {
    into.row('model_versions', {
      name,
      version: version.version,
      creation_time: version.createdAt,
      last_updated_time: version.updatedAt,
      description: version.description,
      user_id: version.user,
      current_stage: version.stage,
      source: version.source,
      run_id: version.runId,
      status: 'READY',
      run_link: version.runLink,
      storage_location: version.source,
    });
    for (const [key, value] of Object.entries(version.tags))
      into.row('model_version_tags', { key, value, name, version: version.version });
  }
  for (const [alias, version] of Object.entries(model.aliases))
    into.row('registered_model_aliases', { alias, version, name });
}

function traceRoot({ id, experimentId }: SourceTrace): string {
  return `${experimentId}/traces/${id}/artifacts`;
}

/** Where the files of a run or logged model lie, from the root of all files: as the URI says. */
function rootOf({ artifactUri }: FileOwner): string {
  return artifactUri.replace(/^mlflow-artifacts:\/+/, '').replace(/\/+$/, '');
}

function storedValue(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.min(Math.max(value, -GREATEST), GREATEST);
}
