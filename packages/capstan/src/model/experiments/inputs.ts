import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import type { ExperimentsDeps } from './deps.ts';
import * as store from './input.store.ts';
import type { DatasetInput, ModelReference } from './model.ts';
import { checkRunId, experimentNumber, refuseLong, refuseUnstorable } from './naming.ts';
import { projectOf } from './project-of.ts';
import { noRun, refuseInactiveRun } from './refusals.ts';
import { findRunForWriting, touchRun } from './run.store.ts';

export interface InputUseCases {
  /**
   * Records which datasets and logged models a run read. A dataset the run has named already (by name and digest) stays
   * as it is. @throws DomainError NOT_FOUND, CONFLICT when the run is deleted, INVALID_ARGUMENT past the limits
   */
  logInputs(input: {
    readonly runId: string;
    readonly datasets: readonly DatasetInput[];
    readonly models: readonly string[];
    readonly cause: Cause;
  }): Promise<void>;
  /** Records which logged models a run wrote, and at which step. */
  logOutputs(input: {
    readonly runId: string;
    readonly models: readonly ModelReference[];
    readonly cause: Cause;
  }): Promise<void>;
  /**
   * Active runs that read a dataset of that kind whose source names `names`, the newest first, with the digest that it
   * had then.
   */
  runsThatRead(dataset: {
    readonly sourceType: string;
    readonly names: string;
    /** At least 1. */
    readonly limit: number;
  }): Promise<readonly { readonly runId: string; readonly digest: string }[]>;
  /** Distinct datasets that runs of the experiments read; at most 1,000. */
  datasetSummaries(
    experimentIds: readonly string[],
  ): Promise<readonly { experimentId: string; name: string; digest: string; context: string | null }[]>;
}

const MOST_DATASETS = 1_000;
const LIMITS = {
  name: 500,
  digest: 36,
  schema: 1_048_575,
  source: 65_535,
  profile: 16_777_215,
  tagKey: 255,
  tagValue: 500,
};

export function inputUseCases({ database, events, clock }: ExperimentsDeps): InputUseCases {
  async function record(
    runId: string,
    cause: Cause,
    work: (writer: Writer, run: { key: number; experimentId: number }) => Promise<{ datasets: number; models: number }>,
  ): Promise<void> {
    checkRunId(runId);
    await database.write(async (writer) => {
      const run = await findRunForWriting(writer, runId);
      if (!run) throw noRun(runId);
      refuseInactiveRun(runId, run.lifecycle);
      const added = await work(writer, run);
      if (added.datasets + added.models === 0) return;
      await touchRun(writer, run.key, clock.now());
      await events.append(writer, cause, {
        type: 'run.logged',
        ...projectOf(run.experimentName),
        subject: `run:${runId}`,
        payload: { metrics: 0, params: 0, tags: 0, artifacts: 0, ...added },
      });
    });
  }

  return {
    async logInputs({ runId, datasets, models, cause }) {
      checkDatasets(datasets);
      const references = models.map((modelId) => ({ modelId, step: 0 }));
      await record(runId, cause, async (writer, run) => ({
        datasets: await store.insertDatasetInputs(writer, run, datasets),
        models: await store.insertRunModels(database.dialect, writer, run.key, 'input', references),
      }));
    },
    async logOutputs({ runId, models, cause }) {
      await record(runId, cause, async (writer, run) => ({
        datasets: 0,
        models: await store.insertRunModels(database.dialect, writer, run.key, 'output', models),
      }));
    },
    runsThatRead: (dataset) => store.runsThatRead(database.read, dataset),
    async datasetSummaries(experimentIds) {
      const numbers = experimentIds.map(experimentNumber).filter((id) => id !== undefined);
      return await store.datasetSummaries(database.read, numbers, MOST_DATASETS);
    },
  };
}

/** @throws DomainError INVALID_ARGUMENT past the limits */
export function checkDatasets(datasets: readonly DatasetInput[]): void {
  if (datasets.length > MOST_DATASETS)
    throw invalid(`A run takes at most ${MOST_DATASETS} datasets a call`, { field: 'datasets' });
  for (const [index, dataset] of datasets.entries()) {
    const field = `datasets[${index}].dataset`;
    for (const part of ['name', 'digest', 'source', 'schema', 'profile'] as const) {
      const text = dataset[part];
      if (text === null) continue;
      refuseLong(`${field}.${part}`, text, LIMITS[part]);
      refuseUnstorable(`${field}.${part}`, text);
    }
    for (const [place, tag] of dataset.tags.entries()) {
      refuseLong(`datasets[${index}].tags[${place}].key`, tag.key, LIMITS.tagKey);
      refuseLong(`datasets[${index}].tags[${place}].value`, tag.value, LIMITS.tagValue);
      refuseUnstorable(`datasets[${index}].tags[${place}].value`, tag.key + tag.value);
    }
  }
}
