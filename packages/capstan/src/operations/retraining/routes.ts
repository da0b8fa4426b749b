import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Retraining } from './service.ts';

export function retrainingRoutes(retraining: Retraining): BoundRoute[] {
  const table = routes.cycles;
  return [
    bind(table.list, ({ params, query }) => retraining.list(params.project, query)),
    bind(table.get, ({ params }) => retraining.get(params.project, params.cycle)),
    bind(table.start, ({ params, body }, { cause }) => retraining.startByHand({ ...params, ...body, cause })),
    bind(table.triggers, ({ params, query }) => retraining.triggers(params.project, query)),
  ];
}
