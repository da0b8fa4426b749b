import { z } from 'zod';

const versionFacts = {
  versionId: z.string(),
  dataset: z.string(),
  number: z.int(),
};

const parents = z.array(z.strictObject({ versionId: z.string(), how: z.string() }));

/** Facts of datasets and expectations. Each is about `dataset-version:ID` where nothing else is said. */
export const dataEvents = {
  /** New content; its check is under way. */
  'dataset-version.registered': z.strictObject({
    ...versionFacts,
    digest: z.string(),
    origin: z.enum(['files', 'predictions']),
    rows: z.int(),
    parents,
  }),
  /** Someone asked for another check of quarantined content, e.g. after its expectations changed. */
  'dataset-version.recheck-requested': z.strictObject(versionFacts),
  /** The verdict on it. `failed` names the expectations that did not hold, at most 50 of them. */
  'dataset-version.checked': z.strictObject({
    ...versionFacts,
    verdict: z.enum(['accepted', 'quarantined']),
    failed: z.array(
      z.strictObject({
        rule: z.string(),
        column: z.string().nullable(),
        severity: z.enum(['error', 'warn']),
        failedRows: z.int().nullable(),
      }),
    ),
  }),
  /** Someone wants to know which faults the expectations of a dataset find. About `expectation-test:ID`. */
  'expectation-test.requested': z.strictObject({ ...versionFacts, testId: z.string(), seed: z.int() }),
  'expectation-test.ended': z.strictObject({
    ...versionFacts,
    testId: z.string(),
    status: z.enum(['done', 'failed']),
    injected: z.int(),
    caught: z.int(),
  }),
  /** Cut from accepted versions; accepted as they are. */
  'dataset-version.derived': z.strictObject({ ...versionFacts, digest: z.string(), rows: z.int(), parents }),
} as const;
