import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Sweeps } from './service.ts';

export function sweepRoutes(sweeps: Sweeps): BoundRoute[] {
  const table = routes.sweeps;
  return [
    bind(table.start, ({ params, body }, { cause }) => sweeps.start({ project: params.project, ...body, cause })),
    bind(table.list, ({ query }) => sweeps.list(query)),
    bind(table.get, ({ params }) => sweeps.get(params.sweep)),
    bind(table.cancel, ({ params }, { cause }) => sweeps.cancel(params.sweep, cause)),
  ];
}
