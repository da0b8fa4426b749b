import type { Database } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Clock } from '#ports/clock';
import type { BlobStore } from '#ports/blob-store';
import type { Ids } from '#ports/ids';

export interface ExperimentsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly blobs: BlobStore;
}
