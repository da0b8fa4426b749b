import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Gates } from './service.ts';

export function gateRoutes(gates: Gates): BoundRoute[] {
  const table = routes.gates;
  return [
    bind(table.evaluate, ({ params, body: { baselineProbability = null, ...body } }, { cause }) =>
      gates.evaluate({ ...params, ...body, baselineProbability, cause }),
    ),
    bind(table.list, ({ params, query }) => gates.list({ ...params, ...query })),
    bind(table.get, ({ params }) => gates.get(params.verdict)),
    bind(table.approve, ({ params, body }, { cause }) => gates.approve({ ...params, ...body }, cause)),
  ];
}
