import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Lineage } from './service.ts';

export function lineageRoutes(lineage: Lineage): BoundRoute[] {
  const { explain, replay, run, usage } = routes.lineage;
  return [
    bind(explain, ({ params, query }) => lineage.explain(params.prediction, query.role)),
    bind(replay, ({ params, query }, { signal }) =>
      lineage.replay({ id: params.prediction, role: query.role, signal }),
    ),
    bind(run, ({ params }) => lineage.ofRun(params.run)),
    bind(usage, ({ params }) => lineage.usage(params.version)),
  ];
}
