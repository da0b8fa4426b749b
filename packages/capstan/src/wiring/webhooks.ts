import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BoundRoute } from '#http';
import type { JobHandlers } from '#jobs';
import type { ModelRegistry } from '#model/registry';
import { createWebhooks, webhookJobs, webhookRoutes, type Webhooks } from '#operations/webhooks';
import type { OutboundHttp } from '#ports/outbound-http';
import type { Config } from '../config.ts';
import type { Foundation } from './foundation.ts';

export interface WiredWebhooks {
  readonly services: { readonly webhooks: Webhooks };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'webhooks.fan-out' | 'webhooks.deliver'>;
}

/** Who outside hears of the registry. */
export function wireWebhooks(
  foundation: Foundation,
  needs: { readonly registry: ModelRegistry; readonly outbound: OutboundHttp },
): WiredWebhooks {
  const webhooks = createWebhooks({ ...foundation, ...needs, secretKey: secretKeyOf(foundation.config) });
  return { services: { webhooks }, bound: webhookRoutes(webhooks), handlers: webhookJobs(webhooks) };
}

const KEY_FILE = 'secret.key';
const KEY_BYTES = 32;

/** The key that is configured, or the one of the data directory, which is made at the first start. */
function secretKeyOf({ secretKey, data }: Config): Buffer {
  if (secretKey !== null) return createHash('sha256').update(secretKey).digest();
  const path = join(data, KEY_FILE);
  try {
    // Never over one that is there: what it has sealed would be lost.
    writeFileSync(path, randomBytes(KEY_BYTES), { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path).subarray(0, KEY_BYTES);
}
