import { z } from 'zod';

/** `prompt.created`, `model_version_tag.set`, … */
const names = z.array(z.string());

/** Facts of webhooks. Neither secrets nor addresses, which may hold some, are in the chain: only the host. */
export const webhookEvents = {
  'webhook.created': z.strictObject({ webhook: z.string(), name: z.string(), host: z.string(), events: names }),
  'webhook.updated': z.strictObject({
    webhook: z.string(),
    name: z.string(),
    host: z.string(),
    status: z.enum(['ACTIVE', 'DISABLED']),
    changed: z.array(z.string()),
  }),
  'webhook.deleted': z.strictObject({ webhook: z.string(), name: z.string() }),
  /** Given up after its last try. */
  'webhook-delivery.failed': z.strictObject({
    webhook: z.string(),
    delivery: z.string(),
    event: z.string(),
    tries: z.int(),
    reason: z.string(),
  }),
} as const;
