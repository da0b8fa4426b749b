import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Deployments } from '#operations/deployments';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

export interface ConsumersDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly projects: Pick<Projects, 'get'>;
  readonly deployments: Pick<Deployments, 'get' | 'publishAccess'>;
}
