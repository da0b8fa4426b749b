import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Value } from './service.ts';

export function valueRoutes(value: Value): BoundRoute[] {
  return [bind(routes.value.summary, ({ params, query }) => value.summary({ ...params, ...query }))];
}
