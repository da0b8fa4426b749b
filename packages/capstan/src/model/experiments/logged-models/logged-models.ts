import type { Writer } from '#database';
import { forLongReads } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import type { ExperimentsDeps } from '../deps.ts';
import { findExperiment } from '../experiment.store.ts';
import * as store from './logged-model.store.ts';
import type { MetricIds } from '../metrics/metric-ids.ts';
import { ARTIFACT_SCHEME, type Experiment, type KeyValue, type LoggedModel, type LoggedModelStatus } from '../model.ts';
import { checkLoggedModelName, checkModelTag, experimentNumber, refuseControl, refuseLong } from '../naming.ts';
import { projectOf } from '../project-of.ts';
import { noExperiment, noLoggedModel, noRun, refuseChangedParams, refuseInactiveExperiment } from '../refusals.ts';
import { runNameFrom } from '../run-name.ts';
import { findRun } from '../run.store.ts';
import { hexId } from '../runs.ts';
import { withModelVersion } from './model-versions-tag.ts';
import { searchLoggedModels, type LoggedModelPage, type LoggedModelSearch } from './search-logged-models.ts';
import { checkedModelParams } from '../texts.ts';

export interface NewLoggedModel {
  readonly experimentId: string;
  /** Made up when absent. */
  readonly name?: string | undefined;
  readonly modelType?: string | undefined;
  readonly sourceRunId?: string | undefined;
  readonly params?: readonly KeyValue[] | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
  readonly cause: Cause;
}

export interface LoggedModelUseCases {
  /** Pending until its files are there. @throws DomainError NOT_FOUND, CONFLICT, INVALID_ARGUMENT */
  createLoggedModel(model: NewLoggedModel): Promise<LoggedModel>;
  /** @throws DomainError NOT_FOUND also when it is deleted */
  getLoggedModel(id: string): Promise<LoggedModel>;
  endLoggedModel(input: {
    readonly id: string;
    readonly status: LoggedModelStatus;
    readonly cause: Cause;
  }): Promise<LoggedModel>;
  /** Idempotent. @throws DomainError NOT_FOUND for an id that never was */
  deleteLoggedModel(input: { readonly id: string; readonly cause: Cause }): Promise<void>;
  setLoggedModelTags(input: {
    readonly id: string;
    readonly tags: readonly KeyValue[];
    readonly cause: Cause;
  }): Promise<void>;
  /** @throws DomainError NOT_FOUND when it has no such tag */
  removeLoggedModelTag(input: { readonly id: string; readonly key: string; readonly cause: Cause }): Promise<void>;
  logLoggedModelParams(input: {
    readonly id: string;
    readonly params: readonly KeyValue[];
    readonly cause: Cause;
  }): Promise<void>;
  /**
   * Adds a registered version to the model's tag `mlflow.modelVersions`, in the transaction that makes the version. A model
   * that is not there is passed over.
   */
  tagModelVersion(
    writer: Writer,
    registered: { readonly id: string; readonly model: string; readonly version: number; readonly cause: Cause },
  ): Promise<void>;
  searchLoggedModels(search: LoggedModelSearch): Promise<LoggedModelPage>;
}

export function loggedModelUseCases(deps: ExperimentsDeps, metricIds: MetricIds): LoggedModelUseCases {
  const { database, events, clock, ids } = deps;

  async function get(id: string): Promise<LoggedModel> {
    const row = await store.findLoggedModel(database.read, id);
    const [model] = row?.lifecycle === 'active' ? await store.loadLoggedModels(database.read, [row]) : [];
    if (!model) throw noLoggedModel(id);
    return model;
  }

  /** Runs `work` on an active model, in one transaction. */
  async function change(
    id: string,
    work: (writer: Writer, row: store.LoggedModelRow, experiment: Experiment) => Promise<void>,
  ): Promise<void> {
    await database.write(async (writer) => {
      const row = await store.findLoggedModel(writer, id);
      const experiment = row && (await findExperiment(writer, row.experiment_id));
      if (!experiment || row.lifecycle === 'deleted') throw noLoggedModel(id);
      await work(writer, row, experiment);
    });
  }

  async function putTexts(
    id: string,
    kind: 'params' | 'tags',
    texts: readonly KeyValue[],
    cause: Cause,
  ): Promise<void> {
    await change(id, async (writer, _row, experiment) => {
      const fresh = kind === 'params' ? await newParams(writer, id, texts) : texts;
      if (fresh.length > 0) await writeTexts(writer, id, experiment, { kind, texts: fresh, cause });
    });
  }

  async function writeTexts(
    writer: Writer,
    id: string,
    experiment: Experiment,
    {
      kind,
      texts,
      cause,
    }: { readonly kind: 'params' | 'tags'; readonly texts: readonly KeyValue[]; readonly cause: Cause },
  ): Promise<void> {
    await store.putLoggedModelTexts(writer, `logged_model_${kind}`, id, texts);
    await store.updateLoggedModel(writer, id, {}, clock.now());
    await events.append(writer, cause, {
      type: 'logged-model.logged',
      ...projectOf(experiment.name),
      subject: `logged-model:${id}`,
      payload: { params: 0, tags: 0, artifacts: 0, [kind]: texts.length },
    });
  }

  async function newParams(writer: Writer, id: string, params: readonly KeyValue[]): Promise<readonly KeyValue[]> {
    const known = await store.findLoggedModelParams(writer, id);
    refuseChangedParams(`model ID='${id}'`, params, known);
    return params.filter(({ key }) => !known.has(key));
  }

  return {
    async createLoggedModel(input) {
      if (input.name) checkLoggedModelName(input.name);
      if (input.modelType) {
        refuseLong('model_type', input.modelType, 500);
        refuseControl('model_type', input.modelType);
      }
      const params = checkedModelParams(input.params ?? []);
      for (const tag of input.tags ?? []) checkModelTag(tag);
      const hex = hexId(ids.next('m'));
      const id = `m-${hex}`;
      const name = input.name || runNameFrom(hex);
      const number = experimentNumber(input.experimentId);
      await database.write(async (writer) => {
        const experiment = number === undefined ? undefined : await findExperiment(writer, number);
        if (!experiment) throw noExperiment(input.experimentId);
        refuseInactiveExperiment(experiment);
        if (input.sourceRunId && !(await findRun(writer, input.sourceRunId))) throw noRun(input.sourceRunId);
        await store.insertLoggedModel(writer, {
          id,
          experiment_id: Number(experiment.id),
          name,
          model_type: input.modelType ?? '',
          status: 'LOGGED_MODEL_PENDING',
          source_run_id: input.sourceRunId || null,
          artifact_root: `${experiment.artifactLocation.slice(ARTIFACT_SCHEME.length)}/models/${id}/artifacts`,
          lifecycle: 'active',
          created_at: clock.now(),
          updated_at: clock.now(),
          deleted_at: null,
        });
        await store.putLoggedModelTexts(writer, 'logged_model_params', id, params);
        await store.putLoggedModelTexts(writer, 'logged_model_tags', id, input.tags ?? []);
        await events.append(writer, input.cause, {
          type: 'logged-model.created',
          ...projectOf(experiment.name),
          subject: `logged-model:${id}`,
          payload: { experimentId: experiment.id, name, ...(input.sourceRunId && { runId: input.sourceRunId }) },
        });
      });
      return await get(id);
    },
    getLoggedModel: get,
    async endLoggedModel({ id, status, cause }) {
      await change(id, async (writer, row, experiment) => {
        if (row.status === status) return;
        await store.updateLoggedModel(writer, id, { status }, clock.now());
        await events.append(writer, cause, {
          type: 'logged-model.ended',
          ...projectOf(experiment.name),
          subject: `logged-model:${id}`,
          payload: { status },
        });
      });
      return await get(id);
    },
    async deleteLoggedModel({ id, cause }) {
      await database.write(async (writer) => {
        const row = await store.findLoggedModel(writer, id);
        const experiment = row && (await findExperiment(writer, row.experiment_id));
        if (!experiment) throw noLoggedModel(id);
        if (row.lifecycle === 'deleted') return;
        await store.updateLoggedModel(writer, id, { lifecycle: 'deleted' }, clock.now());
        const about = { ...projectOf(experiment.name), subject: `logged-model:${id}` };
        await events.append(writer, cause, { type: 'logged-model.deleted', ...about, payload: {} });
      });
    },
    async setLoggedModelTags({ id, tags, cause }) {
      for (const tag of tags) checkModelTag(tag);
      await putTexts(id, 'tags', tags, cause);
    },
    async removeLoggedModelTag({ id, key, cause }) {
      await change(id, async (writer, _row, experiment) => {
        if (!(await store.removeLoggedModelTag(writer, id, key))) {
          throw new DomainError('NOT_FOUND', `No tag with key '${key}' found for model with ID '${id}'.`, {
            field: 'key',
          });
        }
        await store.updateLoggedModel(writer, id, {}, clock.now());
        await events.append(writer, cause, {
          type: 'logged-model.tag-removed',
          ...projectOf(experiment.name),
          subject: `logged-model:${id}`,
          payload: { key },
        });
      });
    },
    async logLoggedModelParams({ id, params, cause }) {
      await putTexts(id, 'params', checkedModelParams(params), cause);
    },
    async tagModelVersion(writer, { id, model, version, cause }) {
      const row = await store.findLoggedModel(writer, id);
      const experiment = row && (await findExperiment(writer, row.experiment_id));
      if (!experiment || row.lifecycle === 'deleted') return;
      const [known] = await store.loadLoggedModels(writer, [row]);
      const tag = withModelVersion(known?.tags ?? [], model, version);
      await writeTexts(writer, id, experiment, { kind: 'tags', texts: [tag], cause });
    },
    searchLoggedModels: (search) => searchLoggedModels(forLongReads(database, search.signal), metricIds, search),
  };
}
