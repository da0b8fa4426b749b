import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, slug } from '../shapes.ts';
import { sweep, sweepRequest, sweepState, sweepSummary } from '../sweep.ts';

const ofSweep = z.strictObject({ sweep: z.string().max(64) });

/** Searches over the parameters of a project's pipeline. */
export const sweeps = {
  start: defineRoute({
    name: 'sweeps.start',
    method: 'POST',
    path: '/api/v1/projects/:project/sweeps',
    summary: 'Searches the parameters of the project’s pipeline for the best metric; each trial is a pipeline run',
    permission: 'execute',
    bodyLimitBytes: 1_000_000,
    audit: 'sweep.start',
    params: z.strictObject({ project: slug }),
    query: nothing,
    body: sweepRequest.extend({
      requestKey: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .meta({ description: 'The same key again gives the same sweep' }),
    }),
    reply: sweepSummary,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT', 'NOT_IMPLEMENTED'],
  }),
  list: defineRoute({
    name: 'sweeps.list',
    method: 'GET',
    path: '/api/v1/sweeps',
    summary: 'Sweeps, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: pageQuery.extend({ project: slug.optional(), state: sweepState.optional() }),
    body: nothing,
    reply: pageOf(sweepSummary),
    errors: ['INVALID_ARGUMENT'],
  }),
  get: defineRoute({
    name: 'sweeps.get',
    method: 'GET',
    path: '/api/v1/sweeps/:sweep',
    summary: 'A sweep with every trial, the best one, and how parameters and metric go together',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofSweep,
    query: nothing,
    body: nothing,
    reply: sweep,
    errors: ['NOT_FOUND'],
  }),
  cancel: defineRoute({
    name: 'sweeps.cancel',
    method: 'POST',
    path: '/api/v1/sweeps/:sweep/cancel',
    summary: 'Ends a sweep and the trials that run; what has been found stays',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'sweep.cancel',
    params: ofSweep,
    query: nothing,
    body: nothing,
    reply: sweepSummary,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
};
