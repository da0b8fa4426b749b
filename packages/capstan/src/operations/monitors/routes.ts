import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Monitors } from './service.ts';

export function monitorRoutes(monitors: Monitors): BoundRoute[] {
  const table = routes.monitors;
  return [
    bind(table.list, async ({ params }) => ({ items: await monitors.list(params.project) })),
    bind(table.get, ({ params, query }) => monitors.get(params.project, params.monitor, query.windows)),
    bind(table.check, async ({ params }, { cause }) => ({ items: await monitors.check(params.project, cause) })),
  ];
}
