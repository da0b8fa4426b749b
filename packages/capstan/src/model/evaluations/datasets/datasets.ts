import type { Writer } from '#database';
import type { Fact } from '#events';
import type { Cause } from '#kernel/cause';
import { sha256 } from '#kernel/digest';
import { experimentNumber, hexId, type KeyValue } from '#model/experiments';
import type { EvaluationsDeps } from '../deps.ts';
import { USER_TAG, type EvaluationDataset } from '../model.ts';
import { checkDatasetName, checkDatasetTag, noDataset, refuseDeletedExperiment } from '../refusals.ts';
import * as store from './dataset.store.ts';
import type { TagChange } from './tag-changes.ts';

export interface DatasetUseCases {
  /** @throws DomainError NOT_FOUND for an experiment, CONFLICT when one is deleted, INVALID_ARGUMENT */
  createDataset(input: {
    readonly name: string;
    readonly experimentIds: readonly string[];
    readonly tags: readonly KeyValue[];
    readonly cause: Cause;
  }): Promise<EvaluationDataset>;
  /** @throws DomainError NOT_FOUND */
  getDataset(id: string): Promise<EvaluationDataset>;
  /** With its records; nothing happens where there is none. */
  deleteDataset(input: { readonly id: string; readonly cause: Cause }): Promise<void>;
  /** @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  changeDatasetTags(input: {
    readonly id: string;
    readonly tags: readonly TagChange[];
    readonly cause: Cause;
  }): Promise<void>;
  /** Nothing happens where there is no such dataset or tag. */
  removeDatasetTag(input: { readonly id: string; readonly key: string; readonly cause: Cause }): Promise<void>;
  /** Ids of the experiments that a dataset is linked to. @throws DomainError NOT_FOUND */
  experimentsOfDataset(id: string): Promise<readonly string[]>;
  /** The same of several, by dataset id; unknown ones have none. */
  experimentsOfDatasets(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** @throws DomainError NOT_FOUND for the dataset or an experiment, CONFLICT when one is deleted */
  linkDataset(link: DatasetLink): Promise<EvaluationDataset>;
  /** Links that are not there are left out. @throws DomainError NOT_FOUND for the dataset */
  unlinkDataset(link: DatasetLink): Promise<EvaluationDataset>;
}

interface DatasetLink {
  readonly id: string;
  readonly experimentIds: readonly string[];
  readonly cause: Cause;
}

export function datasetUseCases(deps: EvaluationsDeps): DatasetUseCases {
  const { database, events, clock, ids, experiments } = deps;

  /** Numbers of experiments that are there and active, each once. */
  async function activeExperiments(given: readonly string[]): Promise<number[]> {
    const numbers = new Set<number>();
    for (const id of given) {
      const experiment = await experiments.getExperiment(id);
      refuseDeletedExperiment(experiment);
      numbers.add(Number(experiment.id));
    }
    return [...numbers];
  }

  async function get(id: string): Promise<EvaluationDataset> {
    const row = await store.findDataset(database.read, id);
    const [dataset] = row ? await store.withTags(database.read, [row]) : [];
    if (!dataset) throw noDataset(id);
    return dataset;
  }

  /** Runs a change on a dataset that is there. */
  async function change(id: string, work: (writer: Writer, row: store.DatasetRow) => Promise<void>): Promise<void> {
    await changeDataset(deps, id, async (writer, row) => {
      if (!row) throw noDataset(id);
      await work(writer, row);
    });
  }

  return {
    async createDataset({ name, experimentIds, tags, cause }) {
      checkDatasetName(name);
      for (const tag of tags) checkDatasetTag(tag);
      const linked = await activeExperiments(experimentIds);
      const id = `d-${hexId(ids.next('dataset'))}`;
      const at = clock.now();
      const user = tags.findLast(({ key }) => key === USER_TAG)?.value ?? null;
      const whole = { schema: null, record_count: 0, last_position: 0, created_at: at, updated_at: at };
      const row = { id, name, digest: nextDigest(id, at), ...whole, created_by: user, updated_by: user };
      await database.write(async (writer) => {
        await store.insertDataset(writer, row);
        await store.putTags(writer, id, tags);
        await store.insertLinks(writer, id, linked);
        const payload = { name, experiments: linked.map(String) };
        await events.append(writer, cause, factOf(id, { type: 'evaluation-dataset.created', payload }));
      });
      return await get(id);
    },
    getDataset: get,
    async deleteDataset({ id, cause }) {
      await changeDataset(deps, id, async (writer, row) => {
        if (!row) return;
        await store.deleteDataset(writer, id);
        const payload = { name: row.name, records: row.record_count };
        await events.append(writer, cause, factOf(id, { type: 'evaluation-dataset.deleted', payload }));
      });
    },
    async changeDatasetTags({ id, tags, cause }) {
      const kept = tags.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
      for (const tag of kept) checkDatasetTag(tag);
      await change(id, async (writer) => {
        await store.putTags(writer, id, kept);
        const gone = tags.filter(({ value }) => value === null).map(({ key }) => key);
        const areGone = await store.removeTags(writer, id, gone);
        if (kept.length === 0 && !areGone) return;
        const payload = { keys: tags.map(({ key }) => key) };
        await events.append(writer, cause, factOf(id, { type: 'evaluation-dataset.tagged', payload }));
      });
    },
    async removeDatasetTag({ id, key, cause }) {
      await changeDataset(deps, id, async (writer) => {
        if (!(await store.removeTags(writer, id, [key]))) return;
        const payload = { keys: [key] };
        await events.append(writer, cause, factOf(id, { type: 'evaluation-dataset.tagged', payload }));
      });
    },
    async experimentsOfDataset(id) {
      if (!(await store.findDataset(database.read, id))) throw noDataset(id);
      return (await store.experimentsOf(database.read, [id])).get(id) ?? [];
    },
    experimentsOfDatasets: (datasets) => store.experimentsOf(database.read, datasets),
    async linkDataset({ id, experimentIds, cause }) {
      const given = await activeExperiments(experimentIds);
      await change(id, async (writer) => {
        const known = new Set((await store.experimentsOf(writer, [id])).get(id));
        const added = given.map(String).filter((experiment) => !known.has(experiment));
        if (added.length === 0) return;
        await store.insertLinks(writer, id, added.map(Number));
        await store.updateDataset(writer, id, { updated_at: clock.now() });
        const payload = { experiments: added };
        await events.append(writer, cause, factOf(id, { type: 'evaluation-dataset.linked', payload }));
      });
      return await get(id);
    },
    async unlinkDataset({ id, experimentIds, cause }) {
      const given = experimentIds.flatMap((experiment) => experimentNumber(experiment) ?? []);
      await change(id, async (writer) => {
        const removed = await store.removeLinks(writer, id, given);
        if (removed.length === 0) return;
        await store.updateDataset(writer, id, { updated_at: clock.now() });
        const payload = { experiments: removed };
        await events.append(writer, cause, factOf(id, { type: 'evaluation-dataset.unlinked', payload }));
      });
      return await get(id);
    },
  };
}

/** Runs a change on a dataset, or on none, in one transaction of its own. */
export async function changeDataset<Result>(
  { database }: EvaluationsDeps,
  id: string,
  work: (writer: Writer, row: store.DatasetRow | undefined) => Promise<Result>,
): Promise<Result> {
  return await database.write(async (writer) => {
    return await work(writer, await store.findDataset(writer, id));
  });
}

/** Another one after each change, also of those in one millisecond. */
export function nextDigest(before: string, at: number): string {
  return sha256(`${before}:${at}`).slice(0, 8);
}

type DatasetFact = Extract<Parameters<EvaluationsDeps['events']['append']>[2]['type'], `evaluation-dataset.${string}`>;

export function factOf<Type extends DatasetFact>(id: string, fact: Pick<Fact<Type>, 'type' | 'payload'>): Fact<Type> {
  return { ...fact, subject: `evaluation-dataset:${id}` };
}
