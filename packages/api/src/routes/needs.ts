import { z } from 'zod';
import { need } from '../need.ts';
import { defineRoute } from '../route.ts';
import { nothing } from '../shapes.ts';

/** What waits for a person. */
export const needs = {
  list: defineRoute({
    name: 'needs.list',
    method: 'GET',
    path: '/api/v1/needs',
    summary: 'What a person should see to, of all projects, the gravest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: nothing,
    body: nothing,
    reply: z.strictObject({ items: z.array(need) }),
    errors: [],
  }),
};
