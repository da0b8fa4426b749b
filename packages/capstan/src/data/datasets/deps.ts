import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

/** What datasets are made of. */
export interface DatasetsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
  readonly projects: Projects;
  /** Directory for files on their way to the blob store; made when needed. */
  readonly temporaryFolder: string;
}
