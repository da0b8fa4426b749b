import type { Database } from '#database';
import type { Events } from '#events';
import type { Experiments } from '#model/experiments';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

export interface EvaluationsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly experiments: Experiments;
}
