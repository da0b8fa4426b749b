import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, slug, timestamp } from '../shapes.ts';
import { gateVerdict } from '../verdict.ts';

const SMALL_BODY_BYTES = 20_000;

const ofVersion = z.strictObject({ model: z.string().min(1).max(256), version: z.coerce.number().int().min(1) });

const approval = z.strictObject({
  model: z.string(),
  version: z.int(),
  role: z.string(),
  actor: z.string(),
  reason: z.string(),
  at: timestamp,
});

/** Gates: whether a model version may take traffic. */
export const gates = {
  evaluate: defineRoute({
    name: 'gates.evaluate',
    method: 'POST',
    path: '/api/v1/models/:model/versions/:version/verdicts',
    summary: 'Judges a version by the project’s gates on labelled rows that no contender was trained on',
    permission: 'execute',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'verdict.give',
    params: ofVersion,
    query: nothing,
    body: z.strictObject({
      project: slug,
      evaluation: z.string().max(64).meta({ description: 'Dataset version with labelled rows' }),
      baselineProbability: z
        .number()
        .gt(0)
        .lt(1)
        .optional()
        .meta({ description: 'Share of the positive class known before those rows' }),
    }),
    reply: gateVerdict,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  list: defineRoute({
    name: 'gates.list',
    method: 'GET',
    path: '/api/v1/models/:model/versions/:version/verdicts',
    summary: 'Verdicts on a version, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofVersion,
    query: pageQuery,
    body: nothing,
    reply: pageOf(gateVerdict),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  get: defineRoute({
    name: 'gates.get',
    method: 'GET',
    path: '/api/v1/verdicts/:verdict',
    summary: 'One verdict with every check',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ verdict: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: gateVerdict,
    errors: ['NOT_FOUND'],
  }),
  approve: defineRoute({
    name: 'gates.approve',
    method: 'POST',
    path: '/api/v1/models/:model/versions/:version/approvals',
    summary: 'A person answers for a version; a turn of the cycle that waits for it goes on',
    permission: 'deploy',
    bodyLimitBytes: SMALL_BODY_BYTES,
    audit: 'model-version.approve',
    params: ofVersion,
    query: nothing,
    body: z.strictObject({
      role: z.enum(['maintainer', 'owner', 'operator']).meta({ description: 'As which the caller approves' }),
      reason: z.string().trim().min(1, 'say why').max(2_000),
    }),
    reply: approval,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
};
