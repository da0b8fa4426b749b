import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { hexId } from '#model/experiments';
import type { EvaluationsDeps } from '../deps.ts';
import type { EvaluationRecord } from '../model.ts';
import { noDataset } from '../refusals.ts';
import { extendSchema } from './dataset-schema.ts';
import { changeDataset, factOf, nextDigest } from './datasets.ts';
import { findDataset, updateDataset } from './dataset.store.ts';
import { mergedRecord, newRecord, readRecords, type GivenRecord } from './given-record.ts';
import * as store from './record.store.ts';

export interface RecordPage {
  readonly records: readonly EvaluationRecord[];
  readonly nextPageToken?: string;
}

export interface RecordUseCases {
  /**
   * Adds records; one whose inputs are there already is merged into that one. All or nothing.
   * @param records JSON text of a list of `{inputs, outputs?, expectations?, tags?, source?}`
   * @throws DomainError NOT_FOUND for the dataset, INVALID_ARGUMENT naming the record
   */
  mergeRecords(input: {
    readonly datasetId: string;
    readonly records: string;
    readonly cause: Cause;
  }): Promise<{ readonly inserted: number; readonly updated: number }>;
  /** In the order in which they came. @throws DomainError NOT_FOUND; INVALID_ARGUMENT for a token of another dataset */
  listRecords(query: {
    readonly datasetId: string;
    readonly limit: number;
    readonly pageToken?: string | undefined;
  }): Promise<RecordPage>;
  /** Returns how many there were. @throws DomainError NOT_FOUND for the dataset */
  deleteRecords(input: {
    readonly datasetId: string;
    readonly ids: readonly string[];
    readonly cause: Cause;
  }): Promise<number>;
}

export function recordUseCases(deps: EvaluationsDeps): RecordUseCases {
  const { database, events, clock, ids } = deps;

  return {
    async mergeRecords({ datasetId, records, cause }) {
      const given = readRecords(records);
      return await changeDataset(deps, datasetId, async (writer, row) => {
        if (!row) throw noDataset(datasetId);
        const at = clock.now();
        const hashes = [...new Set(given.map((record) => record.inputHash))];
        const known = await store.recordsOfInputs(writer, datasetId, hashes);
        const merged = mergeAll(known, given, {
          from: row.last_position,
          at,
          nextId: () => `dr-${hexId(ids.next('record'))}`,
        });
        await store.insertRecords(database.dialect, writer, datasetId, merged.added);
        await store.updateRecords(database.dialect, writer, datasetId, merged.changed);
        const inserted = merged.added.length;
        const updated = given.length - inserted;
        await updateDataset(writer, datasetId, {
          schema: extendSchema(row.schema, given),
          record_count: row.record_count + inserted,
          last_position: row.last_position + inserted,
          digest: nextDigest(row.digest, at),
          updated_at: at,
          updated_by: given.findLast((record) => record.user !== null)?.user ?? null,
        });
        const payload = { inserted, updated };
        await events.append(writer, cause, factOf(datasetId, { type: 'evaluation-dataset.records-merged', payload }));
        return { inserted, updated };
      });
    },
    async listRecords({ datasetId, limit, pageToken }) {
      const [after = 0] = pageToken ? readPageToken(pageToken, datasetId, 1) : [];
      if (typeof after !== 'number') throw invalid('Invalid page token', { field: 'page_token' });
      if (!(await findDataset(database.read, datasetId))) throw noDataset(datasetId);
      const found = await store.recordsAfter(database.read, datasetId, after, limit + 1);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const records = page.map(({ record }) => record);
      if (!last || found.length <= limit) return { records };
      return { records, nextPageToken: writePageToken(datasetId, [last.position]) };
    },
    async deleteRecords({ datasetId, ids: recordIds, cause }) {
      return await changeDataset(deps, datasetId, async (writer, row) => {
        if (!row) throw noDataset(datasetId);
        const deleted = await store.deleteRecords(writer, datasetId, [...new Set(recordIds)]);
        if (deleted === 0) return 0;
        const at = clock.now();
        await updateDataset(writer, datasetId, {
          record_count: row.record_count - deleted,
          digest: nextDigest(row.digest, at),
          updated_at: at,
        });
        const payload = { deleted };
        await events.append(writer, cause, factOf(datasetId, { type: 'evaluation-dataset.records-deleted', payload }));
        return deleted;
      });
    },
  };
}

interface Merged {
  readonly added: readonly store.StoredRecord[];
  readonly changed: readonly store.StoredRecord[];
}

/** One after the other: the second of two with the same inputs meets the first. */
function mergeAll(
  known: ReadonlyMap<string, store.StoredRecord>,
  given: readonly GivenRecord[],
  { from, at, nextId }: { readonly from: number; readonly at: number; readonly nextId: () => string },
): Merged {
  const added = new Map<string, store.StoredRecord>();
  const changed = new Map<string, store.StoredRecord>();
  for (const one of given) {
    const { inputHash } = one;
    const fresh = added.get(inputHash);
    const old = changed.get(inputHash) ?? known.get(inputHash);
    if (fresh) added.set(inputHash, { ...fresh, record: mergedRecord(fresh.record, one, at) });
    else if (old) changed.set(inputHash, { ...old, record: mergedRecord(old.record, one, at) });
    else added.set(inputHash, { position: from + added.size + 1, inputHash, record: newRecord(one, nextId(), at) });
  }
  return { added: [...added.values()], changed: [...changed.values()] };
}
