import { routes } from '@capstan/api';
import { bind, type BoundRoute } from '#http';
import type { Debt } from './service.ts';

export function debtRoutes(debt: Debt): BoundRoute[] {
  return [
    bind(routes.debt.get, ({ params }) => debt.ledger(params.project)),
    bind(routes.debt.measure, ({ params }, { cause }) => debt.measure(params.project, cause)),
  ];
}
