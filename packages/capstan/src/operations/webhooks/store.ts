import type { Insertable, Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import { isEvent, type Delivery, type DeliveryState, type Webhook, type WebhookEvent } from './model.ts';

export type WebhookRow = Selectable<Schema['webhooks']>;
export type DeliveryRow = Selectable<Schema['webhook_deliveries']>;

export async function findWebhook(reader: Reader, id: string): Promise<WebhookRow | undefined> {
  return await reader.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Newest first; only those that were made before the one `before`. */
export async function listWebhooks(reader: Reader, limit: number, before?: string): Promise<WebhookRow[]> {
  let rows = reader.selectFrom('webhooks').selectAll().orderBy('id', 'desc').limit(limit);
  if (before !== undefined) rows = rows.where('id', '<', before);
  return await rows.execute();
}

/** Who is to hear of an event that a fact stands for: not who came later. */
export async function listeners(reader: Reader, event: WebhookEvent, seq: number): Promise<WebhookRow[]> {
  const rows = await reader
    .selectFrom('webhooks')
    .selectAll()
    .where('status', '=', 'ACTIVE')
    .where('since_seq', '<', seq)
    .orderBy('id')
    .execute();
  return rows.filter((row) => eventsOf(row).includes(event));
}

export async function insertWebhook(writer: Writer, row: Insertable<Schema['webhooks']>): Promise<void> {
  await writer.insertInto('webhooks').values(row).execute();
}

export async function updateWebhook(
  writer: Writer,
  id: string,
  change: Partial<Omit<WebhookRow, 'id'>>,
): Promise<void> {
  await writer.updateTable('webhooks').set(change).where('id', '=', id).execute();
}

/** With what it was told and was still to be told. */
export async function removeWebhook(writer: Writer, id: string): Promise<void> {
  await writer.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute();
  await writer.deleteFrom('webhooks').where('id', '=', id).execute();
}

/** False when the fact has made this message before. */
export async function insertDelivery(
  writer: Writer,
  row: Pick<DeliveryRow, 'id' | 'webhook_id' | 'event_seq' | 'event' | 'body' | 'created_at'>,
): Promise<boolean> {
  const inserted = await writer
    .insertInto('webhook_deliveries')
    .values({ ...row, state: 'pending', tries: 0 })
    .onConflict((conflict) => conflict.columns(['webhook_id', 'event_seq', 'event']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

/** Keeps the newest of those that have ended. */
export async function prune(writer: Writer, webhook: string, kept: number): Promise<void> {
  const oldest = await writer
    .selectFrom('webhook_deliveries')
    .select('id')
    .where('webhook_id', '=', webhook)
    .orderBy('id', 'desc')
    .offset(kept)
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return;
  await writer
    .deleteFrom('webhook_deliveries')
    .where('webhook_id', '=', webhook)
    .where('state', '<>', 'pending')
    .where('id', '<=', oldest.id)
    .execute();
}

export async function findDelivery(reader: Reader, id: string): Promise<DeliveryRow | undefined> {
  return await reader.selectFrom('webhook_deliveries').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Newest first. */
export async function listDeliveries(
  reader: Reader,
  query: {
    readonly webhook: string;
    readonly state?: DeliveryState | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<DeliveryRow[]> {
  let rows = reader
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', query.webhook)
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.state !== undefined) rows = rows.where('state', '=', query.state);
  if (query.before !== undefined) rows = rows.where('id', '<', query.before);
  return await rows.execute();
}

export async function updateDelivery(
  writer: Writer,
  id: string,
  change: Partial<Pick<DeliveryRow, 'state' | 'tries' | 'status' | 'error' | 'tried_at' | 'next_try_at'>>,
): Promise<void> {
  await writer.updateTable('webhook_deliveries').set(change).where('id', '=', id).execute();
}

export function toWebhook(row: WebhookRow): Webhook {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    url: row.url,
    events: eventsOf(row),
    status: row.status,
    isSigned: row.secret !== null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    webhook: row.webhook_id,
    event: row.event,
    eventSeq: row.event_seq,
    state: row.state,
    tries: row.tries,
    status: row.status,
    error: row.error,
    createdAt: row.created_at,
    triedAt: row.tried_at,
    nextTryAt: row.next_try_at,
  };
}

function eventsOf({ events }: WebhookRow): WebhookEvent[] {
  return (JSON.parse(events) as string[]).filter(isEvent);
}
