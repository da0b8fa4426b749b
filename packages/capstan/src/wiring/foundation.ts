import type { Logger } from 'pino';
import type { Database } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Executors } from '#model/pipelines';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Ids } from '#ports/ids';
import type { Config } from '../config.ts';
import type { AppClock } from '#system';

/** What every wing stands on; built once, by app.ts. */
export interface Foundation {
  readonly config: Config;
  readonly log: Logger;
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: AppClock;
  readonly ids: Ids;
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
  /** Where stages may run, by name. */
  readonly executors: Executors;
  /** Ends what they have running, and what they keep open. */
  readonly closeExecutors: () => Promise<void>;
  /** Address of this server; known once it listens. */
  serverUrl(): string;
}
