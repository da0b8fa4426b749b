import type { Declaration } from '@capstan/api';
import type { Logger } from 'pino';
import type { Database } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Experiments } from '#model/experiments';
import type { Pipelines } from '#model/pipelines';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import type { Optuna } from './optuna.ts';

export interface SweepsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Pick<Logger, 'warn'>;
  readonly projects: {
    /** @throws DomainError NOT_FOUND */
    get(name: string): Promise<{ readonly name: string; readonly declaration: Pick<Declaration, 'model'> }>;
  };
  readonly pipelines: Pick<Pipelines, 'start' | 'get' | 'cancel' | 'inputsFor'>;
  readonly experiments: Pick<Experiments, 'getRuns' | 'sampledHistory'>;
  /** What proposes the points of a Bayesian search. */
  readonly optuna: Optuna;
}
