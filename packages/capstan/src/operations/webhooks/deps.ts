import type { Database } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { ModelRegistry } from '#model/registry';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import type { OutboundHttp } from '#ports/outbound-http';

/** What webhooks are made of. */
export interface WebhooksDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly outbound: OutboundHttp;
  readonly registry: Pick<ModelRegistry, 'changesOf'>;
  /** 32 bytes that secrets are encrypted with. */
  readonly secretKey: Buffer;
  /** Before the second try; each further one waits twice as long. */
  readonly firstRetryMs?: number;
}
