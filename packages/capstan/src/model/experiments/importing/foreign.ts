// Runs and logged models as another tracker has them, and what of them is taken.
import { DomainError, invalid } from '#kernel/errors';
import type { Int64 } from '#kernel/int64';
import { checkDatasets } from '../inputs.ts';
import type { DatasetInput, KeyValue, Lifecycle, LoggedModelStatus, ModelReference, RunStatus } from '../model.ts';
import { checkKey, checkModelTag, checkRunId, refuseControl, refuseLong, refuseUnstorable } from '../naming.ts';
import { checkRunName } from '../run-name.ts';

/** Points of one metric: three lists of one length. NaN and infinities are values. */
export interface PointSeries {
  readonly key: string;
  readonly steps: readonly Int64[];
  readonly timestamps: readonly Int64[];
  readonly values: readonly number[];
}

export interface ForeignRun {
  readonly id: string;
  /** Of the experiment here. */
  readonly experimentId: string;
  /** Made up when empty. */
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly lifecycle: Lifecycle;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasets: readonly DatasetInput[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly ModelReference[];
  /** All of its history, or a part of it: points add up over calls. */
  readonly metrics: readonly PointSeries[];
}

export interface ModelPointSeries extends PointSeries {
  readonly runId: string;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

export interface ForeignLoggedModel {
  /** `m-` and hex digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly status: LoggedModelStatus;
  readonly sourceRunId: string | null;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly ModelPointSeries[];
}

/** MLflow's columns hold this much, more than its API takes: nothing that was once stored is cut. */
const LONGEST_VALUE = 8_000;

/** @throws DomainError INVALID_ARGUMENT for what `logBatch` would not take, with the run's id in front */
export function checkRun(run: ForeignRun): void {
  within(`run ${run.id}`, () => {
    checkRunId(run.id);
    if (run.name !== '') checkRunName(run.name);
    refuseLong('user', run.userId, 256);
    refuseUnstorable('user', run.userId);
    for (const field of ['params', 'tags'] as const) {
      for (const { key, value } of run[field]) {
        checkKey(`${field}.key`, key);
        refuseLong(`${field}.${key}`, value, LONGEST_VALUE);
        refuseUnstorable(`${field}.${key}`, value);
      }
    }
    checkDatasets(run.datasets);
    for (const series of run.metrics) checkSeries(series);
  });
}

/** @throws DomainError INVALID_ARGUMENT */
export function checkLoggedModel(model: ForeignLoggedModel): void {
  within(`logged model ${model.id}`, () => {
    if (!/^m-[0-9a-zA-Z]{1,62}$/.test(model.id)) throw invalid(`Invalid model ID: '${model.id}'`, { field: 'id' });
    refuseLong('name', model.name, 500);
    refuseControl('name', model.name);
    refuseLong('modelType', model.modelType, 500);
    refuseControl('modelType', model.modelType);
    for (const tag of model.tags) {
      checkModelTag(tag);
      refuseUnstorable(`tags.${tag.key}`, tag.value);
    }
    for (const { key, value } of model.params) {
      checkKey('params.key', key);
      refuseUnstorable(`params.${key}`, value);
    }
    for (const series of model.metrics) checkSeries(series);
  });
}

function checkSeries({ key, steps, timestamps, values }: PointSeries): void {
  checkKey('metrics.key', key);
  if (steps.length !== values.length || timestamps.length !== values.length) {
    throw invalid(`The lists of metric '${key}' differ in length`, { field: 'metrics' });
  }
  const early = timestamps.find((timestamp) => timestamp < 0);
  if (early !== undefined) {
    throw invalid(`Timestamp must be a non-negative integer, got ${early} for metric '${key}'`, { field: 'metrics' });
  }
}

/** Says of which of many objects a refusal speaks. */
function within(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const field = error.field === undefined ? {} : { field: error.field };
    throw invalid(`${what}: ${error.message}`, field);
  }
}
