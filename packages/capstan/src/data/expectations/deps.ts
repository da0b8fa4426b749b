import type { Datasets } from '#data/datasets';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Analytics } from '#ports/analytics';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

/** What expectations are made of. */
export interface ExpectationsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly datasets: Datasets;
  readonly projects: Projects;
  readonly analytics: Analytics;
  readonly clock: Clock;
  readonly ids: Ids;
}
