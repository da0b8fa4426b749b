import { z } from 'zod';

const versionFacts = {
  versionId: z.string(),
  dataset: z.string(),
  number: z.int(),
};

const parents = z.array(z.strictObject({ versionId: z.string(), how: z.string() }));

/** Version ids by dataset. */
const versions = z.record(z.string(), z.string());

/** Facts of datasets, expectations and features. Each is about `dataset-version:ID` where nothing else is said. */
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
  /**
   * Rows of it that broke marked rules were put aside, and it was accepted without them: `digest` is the content that
   * stays, made of the registered one.
   */
  'dataset-version.rows-quarantined': z.strictObject({
    ...versionFacts,
    registeredDigest: z.string(),
    digest: z.string(),
    rows: z.int(),
    quarantinedRows: z.int(),
    rules: z.array(z.strictObject({ rule: z.string(), column: z.string().nullable(), rows: z.int() })),
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
  /** The online store was brought up to date with a feature view, or why it was not. About `feature-view:PROJECT/NAME`. */
  'feature-view.materialized': z.strictObject({
    view: z.string(),
    number: z.int(),
    status: z.enum(['succeeded', 'failed']),
    reason: z.string().nullable(),
    versions,
    entities: z.int(),
    written: z.int(),
    removed: z.int(),
  }),
  /** About `feature-view:PROJECT/NAME`. */
  'feature-view.checked': z.strictObject({
    view: z.string(),
    leaks: z.boolean(),
    skewed: z.boolean(),
    versions,
  }),
  /** Rows of a dataset version with the features that were known at their time. About `training-set:ID`. */
  'training-set.made': z.strictObject({
    trainingSet: z.string(),
    rowsFrom: z.string(),
    features: z.array(z.string()),
    versions,
    rows: z.int(),
    digest: z.string(),
  }),
} as const;
