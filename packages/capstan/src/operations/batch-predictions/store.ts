import type { Insertable, Selectable, Updateable } from 'kysely';
import type { BatchPredictionState } from '@capstan/api';
import { isBehind, type NewestFirst, type Reader, type Schema, type Writer } from '#database';
import type { EndedBatch } from './model.ts';

export type BatchRow = Selectable<Schema['batch_predictions']>;
type Change = Updateable<Schema['batch_predictions']>;

export interface BatchQuery extends NewestFirst {
  readonly deployment?: string | undefined;
  readonly project?: string | undefined;
  readonly state?: BatchPredictionState | undefined;
}

const OPEN = ['queued', 'running'] as const;

export async function insert(writer: Writer, row: Insertable<Schema['batch_predictions']>): Promise<void> {
  await writer.insertInto('batch_predictions').values(row).execute();
}

export async function find(reader: Reader, id: string): Promise<BatchRow | undefined> {
  return await reader.selectFrom('batch_predictions').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findRequested(reader: Reader, requestKey: string): Promise<BatchRow | undefined> {
  return await reader
    .selectFrom('batch_predictions')
    .selectAll()
    .where('request_key', '=', requestKey)
    .executeTakeFirst();
}

export async function list(reader: Reader, query: BatchQuery): Promise<BatchRow[]> {
  let rows = reader
    .selectFrom('batch_predictions')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.deployment !== undefined) rows = rows.where('deployment', '=', query.deployment);
  if (query.project !== undefined) rows = rows.where('project', '=', query.project);
  if (query.state !== undefined) rows = rows.where('state', '=', query.state);
  if (query.behind) rows = rows.where(isBehind(query.behind));
  return await rows.execute();
}

/** Claims it for the job with this fence; undefined where it has ended, or a later claim has it. */
export async function takeOver(writer: Writer, id: string, fence: number, now: number): Promise<BatchRow | undefined> {
  const result = await writer
    .updateTable('batch_predictions')
    .set((set) => ({ fence, state: 'running', started_at: set.fn.coalesce('started_at', set.val(now)) }))
    .where('id', '=', id)
    .where('fence', '<', fence)
    .where('state', 'in', OPEN)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n ? await find(writer, id) : undefined;
}

/** Changes it while the claim holds. False when another has it, or it has ended. */
export async function changeClaimed(
  writer: Writer,
  { id, fence }: Pick<BatchRow, 'id' | 'fence'>,
  change: Change,
): Promise<boolean> {
  const result = await writer
    .updateTable('batch_predictions')
    .set(change)
    .where('id', '=', id)
    .where('fence', '=', fence)
    .where('state', '=', 'running')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Lets go of results from before a time that became no dataset version. Returns how many. */
export async function dropResults(writer: Writer, before: number): Promise<number> {
  const result = await writer
    .updateTable('batch_predictions')
    .set({ result_digest: null, result_bytes: null })
    .where('ended_at', '<', before)
    .where('result_digest', 'is not', null)
    .where('output_version', 'is', null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

export async function requestCancel(writer: Writer, id: string, now: number): Promise<boolean> {
  const result = await writer
    .updateTable('batch_predictions')
    .set({ cancel_requested_at: now })
    .where('id', '=', id)
    .where('cancel_requested_at', 'is', null)
    .where('state', 'in', OPEN)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Ends one that nobody has begun to work on. */
export async function endQueued(writer: Writer, id: string, state: EndedBatch, now: number): Promise<boolean> {
  const result = await writer
    .updateTable('batch_predictions')
    .set({ state, ended_at: now })
    .where('id', '=', id)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
