import type { Database } from '#database';
import type { Datasets } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Analytics, DataColumn } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

/** What features are made of. */
export interface FeaturesDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly blobs: BlobStore;
  readonly analytics: Analytics;
  readonly projects: Projects;
  readonly datasets: Datasets;
  /** Directory for files on their way to the blob store; made when needed. */
  readonly temporaryFolder: string;
}

/** The module's own: with what it has seen. */
export interface FeaturesContext extends FeaturesDeps {
  /** Columns of views, by definition and versions: a list of views is read at every turn of events. */
  readonly columnsKnown: Map<string, readonly DataColumn[]>;
}
