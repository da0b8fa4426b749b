import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import type { WebhooksDeps } from './deps.ts';
import { deliver, sendExample, type TestResult } from './deliver.ts';
import { fanOut } from './fan-out.ts';
import { webhookUseCases, type WebhookUseCases } from './manage.ts';
import type { WebhookEvent } from './model.ts';
import * as store from './store.ts';

export interface Webhooks extends WebhookUseCases {
  /**
   * Sends an example of an event, by default the webhook's first, and waits for the answer.
   * @throws DomainError NOT_FOUND
   */
  test(id: string, event: WebhookEvent | undefined, signal: AbortSignal): Promise<TestResult>;
  /** Writes down what a fact is to whom. Called by its job. */
  fanOut(eventSeq: number): Promise<void>;
  /** Sends one. Called by its job. @throws RetryLater */
  deliver(delivery: string, context: { readonly signal: AbortSignal; readonly cause: Cause }): Promise<void>;
}

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  return {
    ...webhookUseCases(deps),
    async test(id, event, signal) {
      const row = await store.findWebhook(deps.database.read, id);
      if (!row) throw new DomainError('NOT_FOUND', `Webhook with ID ${id} not found.`, { field: 'webhook_id' });
      const first = store.toWebhook(row).events[0] ?? 'registered_model.created';
      return await sendExample(deps, row, event ?? first, signal);
    },
    fanOut: (eventSeq) => fanOut(deps, eventSeq),
    deliver: (delivery, context) => deliver(deps, delivery, context),
  };
}
