import { z } from 'zod';
import { datasetVersionSummary } from '../dataset-version.ts';
import { expectationTest, expectationTestSummary } from '../expectation-test.ts';
import { defineRawRoute, defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, slug } from '../shapes.ts';

const ofDataset = z.strictObject({ project: slug, dataset: slug });

/** The checks that dataset versions must pass. */
export const expectations = {
  recheck: defineRoute({
    name: 'expectations.recheck',
    method: 'POST',
    path: '/api/v1/dataset-versions/:version/check',
    summary:
      'Checks a quarantined version again, e.g. after its expectations changed; of one with rows in quarantine, all that was registered, as a new version',
    permission: 'write',
    bodyLimitBytes: 1_000,
    audit: 'dataset-version.recheck',
    params: z.strictObject({ version: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: datasetVersionSummary,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  suggest: defineRoute({
    name: 'expectations.suggest',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/suggested-expectations',
    summary: 'A first file of expectations, from the profile of a version; it holds on that version',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ version: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: z.strictObject({
      versionId: z.string(),
      dataset: slug,
      number: z.int(),
      /** Rules in it. */
      rules: z.int(),
      /** YAML, with a comment on each rule that says what it was made from. */
      text: z.string(),
    }),
    errors: ['NOT_FOUND', 'CONFLICT', 'DATA_LOSS'],
  }),
  startTest: defineRoute({
    name: 'expectations.startTest',
    method: 'POST',
    path: '/api/v1/projects/:project/datasets/:dataset/expectation-tests',
    summary: 'Puts faults into copies of a version, one by one, and sees which of them its expectations find',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'expectation-test.start',
    params: ofDataset,
    query: nothing,
    body: z.strictObject({
      version: z
        .int()
        .min(1)
        .optional()
        .meta({ description: 'Number of an accepted version; the latest where left out' }),
      seed: z.int().min(0).max(2_147_483_647).default(0),
      faults: z.int().min(1).max(1_000).default(60).meta({ description: 'At most this many, of every kind' }),
    }),
    reply: expectationTestSummary,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT'],
  }),
  tests: defineRoute({
    name: 'expectations.tests',
    method: 'GET',
    path: '/api/v1/projects/:project/datasets/:dataset/expectation-tests',
    summary: 'Tests of a dataset’s expectations, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofDataset,
    query: pageQuery,
    body: nothing,
    reply: pageOf(expectationTestSummary),
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  getTest: defineRoute({
    name: 'expectations.getTest',
    method: 'GET',
    path: '/api/v1/expectation-tests/:test',
    summary: 'A test with every fault, the rules that found it and those that would have',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ test: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: expectationTest,
    errors: ['NOT_FOUND'],
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
