import type { WebhooksDeps } from './deps.ts';
import { bodyOf, messagesOf } from './model.ts';
import * as store from './store.ts';

/** What is kept of each webhook's deliveries. */
const KEPT = 1_000;

/**
 * Writes into the outbox what a fact is to each webhook that listens, with the jobs that send it, in one transaction. The
 * job that calls this was inserted with the fact itself; whatever is done twice is written once.
 */
export async function fanOut({ database, events, registry, jobs, ids }: WebhooksDeps, eventSeq: number): Promise<void> {
  const fact = await events.get(eventSeq);
  for (const message of messagesOf(fact, await registry.changesOf(eventSeq))) {
    const webhooks = await store.listeners(database.read, message.event, eventSeq);
    if (webhooks.length === 0) continue;
    await database.write(async (writer) => {
      for (const { id: webhook } of webhooks) {
        const delivery = {
          id: ids.next('dl'),
          webhook_id: webhook,
          event_seq: eventSeq,
          event: message.event,
          body: bodyOf(message, fact.at),
          created_at: fact.at,
        };
        if (!(await store.insertDelivery(writer, delivery))) continue;
        await jobs.enqueue(writer, 'webhooks.deliver', { delivery: delivery.id }, { causedBy: eventSeq });
        await store.prune(writer, webhook, KEPT);
      }
    });
  }
}
