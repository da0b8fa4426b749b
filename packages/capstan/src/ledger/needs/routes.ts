import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Needs } from './service.ts';

export function needsRoutes(needs: Needs): BoundRoute[] {
  return [bind(routes.needs.list, async () => ({ items: await needs.list() }))];
}
