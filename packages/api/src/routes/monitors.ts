import { z } from 'zod';
import { monitorAlert, monitorSummary, monitorWindow } from '../monitor.ts';
import { defineRoute } from '../route.ts';
import { nothing, slug } from '../shapes.ts';

const ofProject = z.strictObject({ project: slug });
const listed = z.strictObject({ items: z.array(monitorSummary) });

/** Declared watches over what is served: features against training data, realised performance against doing nothing. */
export const monitors = {
  list: defineRoute({
    name: 'monitors.list',
    method: 'GET',
    path: '/api/v1/projects/:project/monitors',
    summary: 'Monitors of a project, each with its newest window and the alert that stands',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject,
    query: nothing,
    body: nothing,
    reply: listed,
    errors: ['NOT_FOUND'],
  }),
  get: defineRoute({
    name: 'monitors.get',
    method: 'GET',
    path: '/api/v1/projects/:project/monitors/:monitor',
    summary: 'One monitor with its newest windows, oldest first, and its alerts, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofProject.extend({ monitor: z.string().max(100) }),
    query: z.strictObject({ windows: z.coerce.number().int().min(1).max(500).default(60) }),
    body: nothing,
    reply: monitorSummary.extend({ items: z.array(monitorWindow), alerts: z.array(monitorAlert) }),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  check: defineRoute({
    name: 'monitors.check',
    method: 'POST',
    path: '/api/v1/projects/:project/monitors/check',
    summary: 'Judges every window that has closed by now and was not judged yet',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'monitors.check',
    params: ofProject,
    query: nothing,
    body: nothing,
    reply: listed,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
};
