import type { Cause } from '#kernel/cause';
import { DomainError, notFound } from '#kernel/errors';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import type { WebhooksDeps } from './deps.ts';
import type { Delivery, DeliveryState, Webhook, WebhookEvent } from './model.ts';
import { checkEvents, checkName, checkTexts, checkUrl, hostOf } from './naming.ts';
import { seal } from './secrets.ts';
import * as store from './store.ts';

export interface WebhookFields {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description?: string | null | undefined;
  /** Signs what is sent; empty for none. It is never given back. */
  readonly secret?: string | undefined;
  readonly status?: Webhook['status'] | undefined;
}

/** What is not given stays as it is. */
type WebhookChange = { readonly [Field in keyof WebhookFields]?: WebhookFields[Field] | undefined };

interface Page {
  /** At least 1. */
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

export interface WebhookUseCases {
  /** It hears of what happens from now on. @throws DomainError INVALID_ARGUMENT, also for an address that leads inside */
  create(fields: WebhookFields & { readonly cause: Cause }): Promise<Webhook>;
  /** @throws DomainError NOT_FOUND */
  get(id: string): Promise<Webhook>;
  /** Newest first. @throws DomainError INVALID_ARGUMENT for the token */
  list(page: Page): Promise<{ readonly webhooks: readonly Webhook[]; readonly nextPageToken?: string }>;
  /** Changes what is given. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  update(id: string, change: WebhookChange & { readonly cause: Cause }): Promise<Webhook>;
  /** With its deliveries. @throws DomainError NOT_FOUND */
  remove(id: string, cause: Cause): Promise<void>;
  /** Newest first. @throws DomainError NOT_FOUND */
  deliveries(
    id: string,
    query: Page & { readonly state?: DeliveryState | undefined },
  ): Promise<{ readonly deliveries: readonly Delivery[]; readonly nextPageToken?: string }>;
  /** Puts one that has ended into the queue anew, under the same id. @throws DomainError NOT_FOUND, CONFLICT */
  sendAgain(id: string, delivery: string): Promise<Delivery>;
}

export function webhookUseCases(deps: WebhooksDeps): WebhookUseCases {
  const { database, events, jobs, clock, ids, outbound, secretKey } = deps;

  async function find(id: string): Promise<store.WebhookRow> {
    const row = await store.findWebhook(database.read, id);
    if (!row) throw new DomainError('NOT_FOUND', `Webhook with ID ${id} not found.`, { field: 'webhook_id' });
    return row;
  }

  const sealed = (secret: string | undefined) => (secret ? seal(secretKey, secret) : null);

  return {
    async create({ name, url, events: wanted, description, secret, status = 'ACTIVE', cause }) {
      checkName(name);
      checkTexts({ description, secret });
      checkEvents(wanted);
      await checkUrl(outbound, url);
      const id = ids.next('wh');
      const distinct = [...new Set(wanted)];
      await database.write(async (writer) => {
        const fact = await events.append(writer, cause, {
          type: 'webhook.created',
          subject: `webhook:${id}`,
          payload: { webhook: id, name, host: hostOf(url), events: distinct },
        });
        await store.insertWebhook(writer, {
          id,
          name,
          url,
          description: description ?? null,
          events: JSON.stringify(distinct),
          secret: sealed(secret),
          status,
          since_seq: fact.seq,
          created_at: clock.now(),
          updated_at: clock.now(),
        });
      });
      return store.toWebhook(await find(id));
    },
    get: async (id) => store.toWebhook(await find(id)),
    async list({ limit, pageToken }) {
      const rows = await store.listWebhooks(database.read, limit + 1, lastOf(pageToken, 'webhooks'));
      return { webhooks: rows.slice(0, limit).map(store.toWebhook), ...next(rows, limit, 'webhooks') };
    },
    async update(id, { cause, ...change }) {
      const before = await find(id);
      if (change.name !== undefined) checkName(change.name);
      checkTexts(change);
      if (change.events !== undefined) checkEvents(change.events);
      if (change.url !== undefined) await checkUrl(outbound, change.url);
      const columns = {
        ...(change.name !== undefined && { name: change.name }),
        ...(change.url !== undefined && { url: change.url }),
        ...(change.description !== undefined && { description: change.description }),
        ...(change.status !== undefined && { status: change.status }),
        ...(change.events !== undefined && { events: JSON.stringify([...new Set(change.events)]) }),
        ...(change.secret !== undefined && { secret: sealed(change.secret) }),
      };
      await database.write(async (writer) => {
        // Clients compare times to see that something changed.
        await store.updateWebhook(writer, id, { ...columns, updated_at: Math.max(clock.now(), before.updated_at + 1) });
        const { name, url, status } = { ...before, ...columns };
        await events.append(writer, cause, {
          type: 'webhook.updated',
          subject: `webhook:${id}`,
          payload: { webhook: id, name, host: hostOf(url), status, changed: Object.keys(columns) },
        });
      });
      return store.toWebhook(await find(id));
    },
    async remove(id, cause) {
      const { name } = await find(id);
      await database.write(async (writer) => {
        await store.removeWebhook(writer, id);
        await events.append(writer, cause, {
          type: 'webhook.deleted',
          subject: `webhook:${id}`,
          payload: { webhook: id, name },
        });
      });
    },
    async deliveries(id, { limit, pageToken, state }) {
      await find(id);
      const question = `deliveries ${id} ${state ?? ''}`;
      const before = lastOf(pageToken, question);
      const rows = await store.listDeliveries(database.read, { webhook: id, state, before, limit: limit + 1 });
      return { deliveries: rows.slice(0, limit).map(store.toDelivery), ...next(rows, limit, question) };
    },
    async sendAgain(id, delivery) {
      await find(id);
      await database.write(async (writer) => {
        const row = await store.findDelivery(writer, delivery);
        if (row?.webhook_id !== id) throw notFound('delivery', delivery);
        if (row.state === 'pending') throw new DomainError('CONFLICT', 'It is still on its way');
        await store.updateDelivery(writer, delivery, { state: 'pending', tries: 0, error: null, next_try_at: null });
        await jobs.enqueue(writer, 'webhooks.deliver', { delivery }, { causedBy: row.event_seq });
      });
      const row = await store.findDelivery(database.read, delivery);
      if (!row) throw notFound('delivery', delivery);
      return store.toDelivery(row);
    },
  };
}

function lastOf(pageToken: string | undefined, question: string): string | undefined {
  return pageToken ? String(readPageToken(pageToken, question, 1)[0]) : undefined;
}

function next(rows: readonly { readonly id: string }[], limit: number, question: string): { nextPageToken?: string } {
  const last = rows[limit - 1];
  return rows.length > limit && last ? { nextPageToken: writePageToken(question, [last.id]) } : {};
}
