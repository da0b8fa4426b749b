import { z } from 'zod';
import { datasetVersionSummary } from '../dataset-version.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing } from '../shapes.ts';

/** The checks that dataset versions must pass. */
export const expectations = {
  recheck: defineRoute({
    name: 'expectations.recheck',
    method: 'POST',
    path: '/api/v1/dataset-versions/:version/check',
    summary: 'Checks a quarantined version again, e.g. after its expectations changed',
    permission: 'write',
    bodyLimitBytes: 1_000,
    audit: 'dataset-version.recheck',
    params: z.strictObject({ version: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: datasetVersionSummary,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  jsonSchema: defineRawRoute({
    name: 'expectations.jsonSchema',
    method: 'GET',
    path: '/schemas/expectations.json',
    summary: 'JSON Schema of an expectations file, for editors',
    permission: 'public',
    bodyLimitBytes: 0,
    audit: 'none',
    protocol: 'native',
    bodyAs: 'none',
  }),
};
