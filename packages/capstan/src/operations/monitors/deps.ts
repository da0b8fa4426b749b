import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Gates } from '#model/gates';
import type { Deployments } from '#operations/deployments';
import type { Predictions } from '#operations/predictions';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

/** What monitors are made of. */
export interface MonitorsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly blobs: Pick<BlobStore, 'localFile'>;
  readonly analytics: Pick<Analytics, 'columnsOf' | 'queryColumns' | 'write'>;
  readonly projects: Pick<Projects, 'get' | 'list'>;
  readonly gates: Pick<Gates, 'trainingRows'>;
  readonly deployments: Pick<Deployments, 'list' | 'pricing'>;
  readonly predictions: Pick<Predictions, 'featureFiles' | 'labelled' | 'nextAnswer' | 'performance' | 'reach'>;
}
