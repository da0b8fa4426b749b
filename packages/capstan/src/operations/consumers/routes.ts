import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Consumers } from './service.ts';

export function consumerRoutes(consumers: Consumers): BoundRoute[] {
  const table = routes.consumers;
  return [
    bind(table.list, async ({ query }) => ({ items: await consumers.list(query.deployment) })),
    bind(table.get, ({ params, query }) => consumers.get(params.consumer, query.days)),
    bind(table.create, ({ body }, { cause }) => consumers.create(body, cause)),
    bind(table.set, ({ params, body }, { cause }) => consumers.set(params.consumer, body, cause)),
    bind(table.rotate, ({ params, body }, { cause }) => consumers.rotate(params.consumer, body.overlapMs, cause)),
    bind(table.revoke, ({ params, body }, { cause }) => consumers.revoke(params.consumer, body, cause)),
    bind(table.callers, async ({ query }) => ({ items: await consumers.callers(query) })),
    bind(table.unknownCallers, async ({ query }) => ({ items: await consumers.unknownCallers(query) })),
    bind(table.policy, ({ params }) => consumers.policy(params.deployment)),
    bind(table.setPolicy, ({ params, body }, { cause }) => consumers.setPolicy(params.deployment, body.callers, cause)),
    bind(routes.serving.calls, async ({ params, body }) => ({
      isRepeated: !(await consumers.takeCounts({ id: params.batch, ...body })),
    })),
  ];
}
