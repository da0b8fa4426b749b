import { RetryLater } from '#jobs';
import type { Cause } from '#kernel/cause';
import { DomainError, messageOf } from '#kernel/errors';
import type { WebhooksDeps } from './deps.ts';
import { exampleOf } from './examples.ts';
import { bodyOf, headersOf, judge, MOST_TRIES, waitMs, type Verdict, type WebhookEvent } from './model.ts';
import { unseal } from './secrets.ts';
import * as store from './store.ts';

export interface TestResult {
  readonly isDelivered: boolean;
  readonly status: number | null;
  readonly error: string | null;
}

interface Outcome {
  readonly verdict: Verdict;
  readonly status: number | null;
  readonly error: string | null;
  readonly retryAfter?: string | undefined;
}

const TIMEOUT_MS = 10_000;
/** Of the answer only the status matters: what a target says goes to nobody. */
const LARGEST_REPLY_BYTES = 1_000;
const FIRST_RETRY_MS = 1_000;

/**
 * Sends a delivery once and notes how it went.
 * @throws RetryLater when it is to be tried again; then and after a crash it is sent under the same id
 */
export async function deliver(
  deps: WebhooksDeps,
  id: string,
  { signal, cause }: { readonly signal: AbortSignal; readonly cause: Cause },
): Promise<void> {
  const { database } = deps;
  const delivery = await store.findDelivery(database.read, id);
  if (delivery?.state !== 'pending') return;
  const webhook = await store.findWebhook(database.read, delivery.webhook_id);
  if (webhook?.status !== 'ACTIVE') {
    await database.write((writer) =>
      store.updateDelivery(writer, id, { state: 'cancelled', error: 'the webhook is disabled', next_try_at: null }),
    );
    return;
  }
  const outcome = await send(deps, webhook, { id, body: delivery.body, signal });
  // Stopping is not the target's fault: the try does not count.
  signal.throwIfAborted();
  await settle(deps, delivery, outcome, cause);
}

/** Sends an example and tells how that went; nothing is noted. */
export async function sendExample(
  deps: WebhooksDeps,
  webhook: store.WebhookRow,
  event: WebhookEvent,
  signal: AbortSignal,
): Promise<TestResult> {
  const body = bodyOf(exampleOf(event), Date.now());
  const { status, error } = await send(deps, webhook, { id: deps.ids.next('dl'), body, signal });
  return { isDelivered: status !== null && status < 400, status, error: status === null ? error : null };
}

async function send(
  { outbound, secretKey }: WebhooksDeps,
  { url, secret }: store.WebhookRow,
  message: { readonly id: string; readonly body: string; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { id, body, signal } = message;
  try {
    const key = secret === null ? null : unseal(secretKey, secret);
    const { status, headers } = await outbound.send({
      url,
      method: 'POST',
      headers: headersOf(id, body, key, Date.now()),
      body,
      timeoutMs: TIMEOUT_MS,
      largestReplyBytes: LARGEST_REPLY_BYTES,
      signal,
    });
    const verdict = judge(status);
    const isRedirect = status >= 300 && status < 400;
    const error =
      verdict === 'delivered' ? null : `it answered ${status}${isRedirect ? ', and redirects are not followed' : ''}`;
    return { verdict, status, error, retryAfter: headers['retry-after'] };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const mayPass = error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED';
    return { verdict: mayPass ? 'again' : 'failed', status: null, error: messageOf(error) };
  }
}

async function settle(deps: WebhooksDeps, delivery: store.DeliveryRow, outcome: Outcome, cause: Cause): Promise<void> {
  const { database, events } = deps;
  const { id, webhook_id: webhook, event } = delivery;
  const tries = delivery.tries + 1;
  const now = Date.now();
  const common = { tries, status: outcome.status, error: outcome.error, tried_at: now, next_try_at: null };
  if (outcome.verdict === 'again' && tries < MOST_TRIES) {
    const firstMs = deps.firstRetryMs ?? FIRST_RETRY_MS;
    const delayMs = waitMs(tries, outcome.retryAfter, { firstMs, now, chance: Math.random() });
    await database.write((writer) =>
      store.updateDelivery(writer, id, { ...common, next_try_at: Math.round(now + delayMs) }),
    );
    throw new RetryLater(`${webhook}: ${outcome.error}`, Math.round(delayMs));
  }
  const isDelivered = outcome.verdict === 'delivered';
  await database.write(async (writer) => {
    await store.updateDelivery(writer, id, { ...common, state: isDelivered ? 'delivered' : 'failed' });
    if (isDelivered) return;
    await events.append(writer, cause, {
      type: 'webhook-delivery.failed',
      subject: `webhook:${webhook}`,
      payload: { webhook, delivery: id, event, tries, reason: outcome.error ?? '' },
    });
  });
}
