import { z } from 'zod';
import { columnType } from './expectation-suite.ts';
import { datasetColumn, datasetVersionSummary, shownValue } from './dataset-version.ts';

/** A row as people find it: values by column. */
const shownRow = z.record(z.string(), shownValue);

/** How the spread of a column changed. */
export const columnShift = z.strictObject({
  name: z.string(),
  type: columnType,
  /** Jensen–Shannon distance, base 2: 0 for the same shares, 1 for none in common. Null where a side has no rows. */
  distance: z.number().nullable(),
  /** Population stability index over the same bins; an empty bin counts as 0.01 % of the rows. */
  stability: z.number().nullable(),
  /** Bins frozen from the first version (quantiles, or its most frequent values), and the rows of each side in them. */
  bins: z.array(z.strictObject({ label: z.string(), before: z.int(), after: z.int() })),
  missing: z.strictObject({ before: z.int(), after: z.int() }),
  mean: z.strictObject({ before: z.number().nullable(), after: z.number().nullable() }),
});
export type ColumnShift = z.infer<typeof columnShift>;

/** What changed from one version of a dataset to another. */
export const datasetDiff = z.strictObject({
  before: datasetVersionSummary,
  after: datasetVersionSummary,
  schemaChanges: z.strictObject({
    added: z.array(datasetColumn),
    removed: z.array(datasetColumn),
    changed: z.array(z.strictObject({ name: z.string(), before: z.string(), after: z.string() })),
  }),
  files: z.strictObject({ added: z.int(), removed: z.int(), changed: z.int(), same: z.int() }),
  rows: z.strictObject({
    /** Columns that tell which rows are the same one; all shared columns where the dataset declares no key. */
    key: z.array(z.string()),
    isDeclared: z.boolean(),
    added: z.int(),
    removed: z.int(),
    /** In both, with other values; null without a declared key. */
    changed: z.int().nullable(),
    same: z.int(),
    /** Of the changed rows: how many have another value in each column; most first. */
    cells: z.array(z.strictObject({ column: z.string(), rows: z.int() })),
    /** At most 5 of each, by key. */
    examples: z.strictObject({ added: z.array(shownRow), removed: z.array(shownRow), changed: z.array(shownRow) }),
  }),
  /** Columns of both, the greatest distance first. */
  columns: z.array(columnShift),
});
export type DatasetDiff = z.infer<typeof datasetDiff>;

/** Who used a version, as far as the platform has seen. */
export const datasetUsage = z.strictObject({
  pipelineRuns: z.array(
    z.strictObject({ id: z.string(), project: z.string(), number: z.int(), status: z.string(), createdAt: z.int() }),
  ),
  /** Experiment runs that stages of those made. */
  runs: z.array(z.strictObject({ id: z.string(), name: z.string(), status: z.string() })),
  models: z.array(z.strictObject({ model: z.string(), version: z.int() })),
  /** Versions that were cut from it. */
  derived: z.array(z.strictObject({ versionId: z.string(), dataset: z.string(), number: z.int(), how: z.string() })),
});
export type DatasetUsage = z.infer<typeof datasetUsage>;
