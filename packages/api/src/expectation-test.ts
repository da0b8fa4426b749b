import { z } from 'zod';
import { expectationResult } from './dataset-version.ts';
import { severity } from './expectation-suite.ts';
import { slug, timestamp } from './shapes.ts';

/** What goes wrong with data between those who make it and those who use it. */
export const faultKind = z.enum([
  'nulls',
  'unit_change',
  'shuffled_column',
  'swapped_columns',
  'category_typo',
  'constant_column',
  'duplicated_rows',
  'truncated_file',
  'stale_file',
]);
export type FaultKind = z.infer<typeof faultKind>;

/** A fault that was put into a copy, and what the suite said of it. */
export const injectedFault = z.strictObject({
  kind: faultKind,
  /** That it changed; empty where it changed rows or time. */
  columns: z.array(z.string()),
  /** As people read it. */
  what: z.string(),
  caught: z.boolean(),
  /** The gravest of the rules that broke; a warning alone would have let the data through. Null where none broke. */
  severity: severity.nullable(),
  /** Rules that hold without the fault and break with it. */
  caughtBy: z.array(
    expectationResult.pick({ rule: true, column: true, severity: true, expected: true, observed: true }),
  ),
  /** Of a fault that was not caught: rules that hold without it and were tried on it, with what they would be in the file. */
  remedies: z.array(
    z.strictObject({
      rule: z.string(),
      column: z.string().nullable(),
      /** `columns.carrier.missing_max: 0` */
      setting: z.string(),
      observed: z.string(),
    }),
  ),
});
export type InjectedFault = z.infer<typeof injectedFault>;

/** One trial of a suite: faults put one by one into a copy of a version that it accepts. */
export const expectationTestSummary = z.strictObject({
  id: z.string(),
  project: slug,
  dataset: slug,
  versionId: z.string(),
  /** Number of the version. */
  number: z.int(),
  /** The same seed, version and suite give the same faults. */
  seed: z.int(),
  status: z.enum(['running', 'done', 'failed']),
  /** The file of expectations as it stood then, and the SHA-256 of its text; null where the dataset declares none. */
  suite: z.strictObject({ path: z.string(), digest: z.string() }).nullable(),
  /** Faults put in, those that a rule of any severity found, and those that would have put the version into quarantine. */
  injected: z.int(),
  caught: z.int(),
  stopped: z.int(),
  /** caught / injected; null until it is done, and where no fault could be put in. */
  score: z.number().nullable(),
  /** Why it failed. */
  error: z.string().nullable(),
  createdAt: timestamp,
  endedAt: timestamp.nullable(),
});
export type ExpectationTestSummary = z.infer<typeof expectationTestSummary>;

export const expectationTest = expectationTestSummary.extend({
  /** In the order of kinds and columns. */
  faults: z.array(injectedFault),
  /** Rules that the version breaks without any fault: they find nothing. */
  brokenBefore: z.array(z.strictObject({ rule: z.string(), column: z.string().nullable() })),
});
export type ExpectationTest = z.infer<typeof expectationTest>;
