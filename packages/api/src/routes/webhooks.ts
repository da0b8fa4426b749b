import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, timestamp } from '../shapes.ts';

/** What one can listen to, as MLflow's `entity.action`. `budget_policy.exceeded` is taken, and never happens here. */
export const webhookEventNames = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
  'prompt.created',
  'prompt_version.created',
  'prompt_tag.set',
  'prompt_tag.deleted',
  'prompt_version_tag.set',
  'prompt_version_tag.deleted',
  'prompt_alias.created',
  'prompt_alias.deleted',
  'budget_policy.exceeded',
] as const;
const event = z.enum(webhookEventNames);
const status = z.enum(['ACTIVE', 'DISABLED']);
const deliveryState = z.enum(['pending', 'delivered', 'failed', 'cancelled']);

const webhook = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  url: z.string(),
  events: z.array(event),
  status,
  /** Whether it has a secret, which no route gives back. */
  isSigned: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

const delivery = z.strictObject({
  id: z.string(),
  webhook: z.string(),
  event: z.string(),
  /** The fact it tells of. */
  eventSeq: z.int(),
  state: deliveryState,
  tries: z.int(),
  /** Status of the last answer; null where there was none. */
  status: z.int().nullable(),
  error: z.string().nullable(),
  createdAt: timestamp,
  triedAt: timestamp.nullable(),
  nextTryAt: timestamp.nullable(),
});

const fields = {
  name: z.string().max(200),
  url: z.string().max(2_000),
  events: z.array(event).min(1).max(100),
  description: z.string().max(1_000).nullable().optional(),
  secret: z.string().max(1_000).optional(),
  status: status.optional(),
};

const read = { permission: 'read', bodyLimitBytes: 0, audit: 'none', body: nothing } as const;
const ofWebhook = z.strictObject({ webhook: z.string().max(100) });
const ofDelivery = ofWebhook.extend({ delivery: z.string().max(100) });

/** Who outside hears of registered models and prompts, and how that goes. */
export const webhooks = {
  list: defineRoute({
    ...read,
    name: 'webhooks.list',
    method: 'GET',
    path: '/api/v1/webhooks',
    summary: 'Webhooks, newest first; secrets are never given back',
    params: nothing,
    query: pageQuery,
    reply: pageOf(webhook),
    errors: ['INVALID_ARGUMENT'],
  }),
  get: defineRoute({
    ...read,
    name: 'webhooks.get',
    method: 'GET',
    path: '/api/v1/webhooks/:webhook',
    summary: 'One webhook',
    params: ofWebhook,
    query: nothing,
    reply: webhook,
    errors: ['NOT_FOUND'],
  }),
  create: defineRoute({
    name: 'webhooks.create',
    method: 'POST',
    path: '/api/v1/webhooks',
    summary: 'Adds a webhook, which hears of what happens from now on',
    permission: 'write',
    bodyLimitBytes: 20_000,
    audit: 'webhook.create',
    params: nothing,
    query: nothing,
    body: z.strictObject(fields),
    reply: webhook,
    errors: ['INVALID_ARGUMENT'],
  }),
  update: defineRoute({
    name: 'webhooks.update',
    method: 'PATCH',
    path: '/api/v1/webhooks/:webhook',
    summary: 'Changes what is given of a webhook; an empty secret removes it',
    permission: 'write',
    bodyLimitBytes: 20_000,
    audit: 'webhook.update',
    params: ofWebhook,
    query: nothing,
    body: z.strictObject(fields).partial(),
    reply: webhook,
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  remove: defineRoute({
    name: 'webhooks.remove',
    method: 'DELETE',
    path: '/api/v1/webhooks/:webhook',
    summary: 'Removes a webhook with its deliveries',
    permission: 'write',
    bodyLimitBytes: 0,
    audit: 'webhook.remove',
    params: ofWebhook,
    query: nothing,
    body: nothing,
    reply: nothing,
    errors: ['NOT_FOUND'],
  }),
  test: defineRoute({
    name: 'webhooks.test',
    method: 'POST',
    path: '/api/v1/webhooks/:webhook/test',
    summary: 'Sends an example and tells the status of the answer',
    permission: 'write',
    bodyLimitBytes: 1_000,
    audit: 'webhook.test',
    params: ofWebhook,
    query: nothing,
    body: z.strictObject({ event: event.optional() }),
    reply: z.strictObject({ isDelivered: z.boolean(), status: z.int().nullable(), error: z.string().nullable() }),
    errors: ['NOT_FOUND'],
  }),
  deliveries: defineRoute({
    ...read,
    name: 'webhooks.deliveries',
    method: 'GET',
    path: '/api/v1/webhooks/:webhook/deliveries',
    summary: 'What was told to a webhook and how it went, newest first; the last 1,000 are kept',
    params: ofWebhook,
    query: pageQuery.extend({ state: deliveryState.optional() }),
    reply: pageOf(delivery),
    errors: ['NOT_FOUND', 'INVALID_ARGUMENT'],
  }),
  sendAgain: defineRoute({
    name: 'webhooks.sendAgain',
    method: 'POST',
    path: '/api/v1/webhooks/:webhook/deliveries/:delivery/send-again',
    summary: 'Sends a delivery that has ended once more, under the same id',
    permission: 'write',
    bodyLimitBytes: 0,
    audit: 'webhook.send-again',
    params: ofDelivery,
    query: nothing,
    body: nothing,
    reply: delivery,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
};
