import { isDeepStrictEqual } from 'node:util';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import * as datasets from '../datasets/dataset.store.ts';
import { changeDataset } from '../datasets/datasets.ts';
import { keptRecord } from '../datasets/given-record.ts';
import { insertRecords, recordsOfInputs, updateRecords, type StoredRecord } from '../datasets/record.store.ts';
import type { EvaluationsDeps } from '../deps.ts';
import type { EvaluationDataset, EvaluationRecord } from '../model.ts';
import { checkDatasetName, checkDatasetTag, checkScorerName, noDataset } from '../refusals.ts';
import { checkSerialized } from '../scorers/check-scorer.ts';
import { newScorerId } from '../scorers/scorers.ts';
import * as scorers from '../scorers/scorer.store.ts';

/** An evaluation dataset as another tracker has it, without its records. */
export interface ForeignDataset extends Omit<EvaluationDataset, 'recordCount'> {
  readonly experimentIds: readonly string[];
}

/** Its source is a JSON object of `source_type` and `source_data`. */
export interface ForeignRecord extends Omit<EvaluationRecord, 'source'> {
  readonly source: string | null;
}

export interface ForeignScorer {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly versions: readonly {
    readonly version: number;
    readonly serialized: string;
    readonly createdAt: number;
  }[];
}

interface FromSource {
  /** Where it comes from, for the record. */
  readonly source: string;
  readonly cause: Cause;
}

interface Recorded {
  readonly added: number;
  readonly changed: number;
}

/** Objects of another tracker with their ids and times. Each call is all or nothing, and may be repeated. */
export interface ImportEvaluationUseCases {
  /**
   * Facts, tags and links of one that is here are brought up to date; its records stay. @throws DomainError NOT_FOUND
   * for an experiment; CONFLICT when a dataset of that id has another name here; INVALID_ARGUMENT
   */
  importDataset(input: FromSource & { readonly dataset: ForeignDataset }): Promise<Recorded>;
  /**
   * One whose inputs are there already is brought up to date under the id that it has here; others are added, in the
   * order given. @throws DomainError NOT_FOUND for the dataset; INVALID_ARGUMENT
   */
  importRecords(
    input: FromSource & { readonly datasetId: string; readonly records: readonly ForeignRecord[] },
  ): Promise<Recorded>;
  /**
   * Versions keep their numbers; `clashes` are those that are other ones here: they stay as they are.
   * @throws DomainError NOT_FOUND for the experiment; INVALID_ARGUMENT for what is not kept
   */
  importScorer(
    input: FromSource & { readonly scorer: ForeignScorer },
  ): Promise<Recorded & { readonly clashes: readonly number[] }>;
}

export function importEvaluationUseCases(deps: EvaluationsDeps): ImportEvaluationUseCases {
  const { database, events, ids, experiments } = deps;
  const { dialect } = database;

  async function record(
    writer: Writer,
    { source, cause }: FromSource,
    kind: 'evaluation-dataset' | 'evaluation-record' | 'scorer',
    { added, changed }: Recorded,
  ): Promise<Recorded> {
    if (added + changed > 0) {
      const payload = { source, kind, added, changed, points: 0 };
      await events.append(writer, cause, { type: 'import.recorded', subject: `import:${source}`, payload });
    }
    return { added, changed };
  }

  return {
    async importDataset({ dataset, ...from }) {
      const { id, name, tags, experimentIds } = dataset;
      checkDatasetName(name);
      for (const tag of tags) checkDatasetTag(tag);
      const linked = await Promise.all(experimentIds.map(async (one) => (await experiments.getExperiment(one)).id));
      const { schema, digest } = dataset;
      const facts = { schema, digest, updated_at: dataset.updatedAt, updated_by: dataset.updatedBy };
      return await changeDataset(deps, id, async (writer, here) => {
        if (here && here.name !== name) {
          throw conflict(`evaluation dataset ${id} is '${here.name}' here, not '${name}'`, { field: 'name' });
        }
        if (here) await datasets.updateDataset(writer, id, facts);
        else {
          const first = { record_count: 0, last_position: 0, created_at: dataset.createdAt };
          await datasets.insertDataset(writer, { id, name, ...facts, ...first, created_by: dataset.createdBy });
        }
        await datasets.putTags(writer, id, tags);
        await datasets.insertLinks(writer, id, linked.map(Number));
        return await record(writer, from, 'evaluation-dataset', { added: here ? 0 : 1, changed: here ? 1 : 0 });
      });
    },

    async importRecords({ datasetId, records, ...from }) {
      const given = records.map(keptRecord);
      return await changeDataset(deps, datasetId, async (writer, row) => {
        if (!row) throw noDataset(datasetId);
        const hashes = [...new Set(given.map(({ inputHash }) => inputHash))];
        const known = await recordsOfInputs(writer, datasetId, hashes);
        const changed: StoredRecord[] = [];
        const added = new Map<string, StoredRecord>();
        for (const { inputHash, record: one } of given) {
          const here = known.get(inputHash);
          const kept = here && { ...here.record, ...valuesOf(one) };
          if (here && kept) {
            if (!isDeepStrictEqual(kept, here.record)) changed.push({ ...here, record: kept });
          } else {
            const position = added.get(inputHash)?.position ?? row.last_position + added.size + 1;
            added.set(inputHash, { position, inputHash, record: one });
          }
        }
        await insertRecords(dialect, writer, datasetId, [...added.values()]);
        await updateRecords(dialect, writer, datasetId, changed);
        await datasets.updateDataset(writer, datasetId, {
          record_count: row.record_count + added.size,
          last_position: row.last_position + added.size,
        });
        return await record(writer, from, 'evaluation-record', { added: added.size, changed: changed.length });
      });
    },

    async importScorer({ scorer, ...from }) {
      const { name, versions } = scorer;
      checkScorerName(name);
      for (const { serialized } of versions) checkSerialized(serialized);
      const experiment = await experiments.getExperiment(scorer.experimentId);
      return await database.write(async (writer) => {
        const experimentNumber = Number(experiment.id);
        const here = await scorers.findScorer(writer, experimentNumber, name);
        const id = (await scorers.hasScorer(writer, scorer.id)) ? newScorerId(ids) : scorer.id;
        const kept = here ?? { id, experiment_id: experimentNumber, name, last_version: 0 };
        if (!here) await scorers.insertScorer(writer, kept);
        const known = new Map((await scorers.versionsOf(writer, kept.id)).map((one) => [one.version, one.serialized]));
        const clashes = versions.filter(({ version, serialized }) => (known.get(version) ?? serialized) !== serialized);
        const fresh = versions.filter(({ version }) => !known.has(version));
        for (const version of fresh) {
          const about = { experimentId: experiment.id, scorerId: kept.id, name };
          await scorers.insertVersion(writer, { ...about, ...version });
        }
        const last = Math.max(kept.last_version, ...versions.map(({ version }) => version));
        await scorers.setLastVersion(writer, kept.id, last);
        const counts = await record(writer, from, 'scorer', { added: fresh.length, changed: 0 });
        return { ...counts, clashes: clashes.map(({ version }) => version) };
      });
    },
  };
}

/** What of a record that is here may change. */
function valuesOf({ outputs, expectations, tags, updatedAt, updatedBy }: EvaluationRecord) {
  return { outputs, expectations, tags, updatedAt, updatedBy };
}
