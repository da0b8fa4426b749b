import { z } from 'zod';
import { consideredTrigger, cycle, cycleSummary } from '../cycle.ts';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, slug } from '../shapes.ts';

const ofProject = z.strictObject({ project: slug });

/** Turns of the cycle: trigger → data → training → gates → rollout → verdict. */
export const cycles = {
  list: defineRoute({
    name: 'cycles.list',
    method: 'GET',
    path: '/api/v1/projects/:project/cycles',
    summary: 'Turns of the cycle, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject,
    query: pageQuery,
    body: nothing,
    reply: pageOf(cycleSummary),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  get: defineRoute({
    name: 'cycles.get',
    method: 'GET',
    path: '/api/v1/projects/:project/cycles/:cycle',
    summary: 'One turn with every step and decision, each with value, limit, number of examples and evidence',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject.extend({
      cycle: z.string().max(64).meta({ description: 'Its number in the project, or its id' }),
    }),
    query: nothing,
    body: nothing,
    reply: cycle,
    errors: ['NOT_FOUND'],
  }),
  start: defineRoute({
    name: 'cycles.start',
    method: 'POST',
    path: '/api/v1/projects/:project/cycles',
    summary: 'Asks for a turn now. Passes cool-down, labels and budget; never an open turn or data in quarantine',
    permission: 'execute',
    bodyLimitBytes: 20_000,
    audit: 'cycle.start',
    params: ofProject,
    query: nothing,
    body: z.strictObject({
      reason: z.string().trim().min(1, 'say why').max(2_000),
      requestKey: z.string().min(1).max(200).optional().meta({ description: 'The same key again gives the same turn' }),
    }),
    reply: cycle,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  triggers: defineRoute({
    name: 'cycles.triggers',
    method: 'GET',
    path: '/api/v1/projects/:project/cycle-triggers',
    summary: 'Triggers that the policy has judged, newest first: those that began a turn and those it held back',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject,
    query: pageQuery,
    body: nothing,
    reply: pageOf(consideredTrigger),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
};
