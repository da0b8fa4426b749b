import { z } from 'zod';
import { debtLedger } from '../debt.ts';
import { defineRoute } from '../route.ts';
import { nothing, slug } from '../shapes.ts';

const ofProject = z.strictObject({ project: slug });

/** Technical debt, computed from evidence. */
export const debt = {
  get: defineRoute({
    name: 'debt.get',
    method: 'GET',
    path: '/api/v1/projects/:project/debt',
    summary: 'What the project owes as it was measured last, with principal and interest, and what was repaid',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject,
    query: nothing,
    body: nothing,
    reply: debtLedger,
    errors: ['NOT_FOUND'],
  }),
  measure: defineRoute({
    name: 'debt.measure',
    method: 'POST',
    path: '/api/v1/projects/:project/debt/measure',
    summary: 'Measures it now',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'debt.measure',
    params: ofProject,
    query: nothing,
    body: nothing,
    reply: debtLedger,
    errors: ['NOT_FOUND'],
  }),
};
