import { z } from 'zod';
import { columnType, onFailure, severity } from './expectation-suite.ts';
import { slug, timestamp } from './shapes.ts';

/** `pending` until its check has ended; a quarantined version is never materialised and never trained on. */
export const datasetVersionStatus = z.enum(['pending', 'accepted', 'quarantined']);
export type DatasetVersionStatus = z.infer<typeof datasetVersionStatus>;

/** Where the content came from; `derived` ones are cut by Capstan from accepted versions. */
export const datasetOrigin = z.enum(['files', 'predictions', 'derived']);
export type DatasetOrigin = z.infer<typeof datasetOrigin>;

export const datasetColumn = z.strictObject({
  name: z.string(),
  type: columnType,
  /** As the file has it, in DuckDB's words. */
  storageType: z.string(),
});
export type DatasetColumn = z.infer<typeof datasetColumn>;

export const datasetFile = z.strictObject({
  /** Below the dataset's folder: `2013-01.parquet`. */
  path: z.string(),
  digest: z.string(),
  sizeBytes: z.int(),
  rows: z.int(),
});
export type DatasetFile = z.infer<typeof datasetFile>;

/** A value shown to people: instants as ISO 8601 text in UTC. */
export const shownValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type ShownValue = z.infer<typeof shownValue>;

export const columnProfile = z.strictObject({
  name: z.string(),
  type: columnType,
  /** Rows without a value; NaN counts as none. */
  missing: z.int(),
  distinct: z.int(),
  min: shownValue,
  max: shownValue,
  mean: z.number().nullable(),
  stddev: z.number().nullable(),
  /** Values at 1, 5, 25, 50, 75, 95 and 99 % of the rows, for numbers. */
  quantiles: z.array(z.number()).nullable(),
  /** 20 bins of equal width between the extremes, for numbers and instants (edges in milliseconds since 1970). */
  histogram: z.strictObject({ edges: z.array(z.number()), counts: z.array(z.int()) }).nullable(),
  /** The most frequent values, at most 10, for text and booleans. */
  top: z.array(z.strictObject({ value: shownValue, count: z.int() })).nullable(),
});
export type ColumnProfile = z.infer<typeof columnProfile>;

export const datasetProfile = z.strictObject({
  rows: z.int(),
  /** False where distinct counts and quantiles are estimates, since the version has too many rows to keep them all. */
  isExact: z.boolean(),
  columns: z.array(columnProfile),
  /** What goes together among numbers; absent in profiles of older versions of Capstan. */
  correlations: z
    .strictObject({
      /** Those that were looked at, at most 20. */
      columns: z.array(z.string()),
      /** 1: over all rows; 7: over every seventh. */
      everyRow: z.int(),
      /** Pearson's coefficient over `n` rows, of pairs with 0.1 or more either way; the strongest first. */
      pairs: z.array(z.strictObject({ columns: z.tuple([z.string(), z.string()]), r: z.number(), n: z.int() })),
    })
    .optional(),
});
export type DatasetProfile = z.infer<typeof datasetProfile>;

/** A row that breaks a rule: file and number in it (from 1), with the values that matter. */
export const failedRow = z.strictObject({
  file: z.string(),
  row: z.int(),
  values: z.record(z.string(), shownValue),
});
export type FailedRow = z.infer<typeof failedRow>;

export const expectationResult = z.strictObject({
  /** `missing_max`, `range`, `unique` …; `readable`, `same_columns`, `event_time` and `key` hold for every dataset. */
  rule: z.string(),
  column: z.string().nullable(),
  severity,
  passed: z.boolean(),
  /** What was asked for and what was seen, as people read them. */
  expected: z.string(),
  observed: z.string(),
  /** Null where the rule is about the table as a whole. */
  failedRows: z.int().nullable(),
  /** At most 5, in the order of the files. */
  examples: z.array(failedRow),
  /** `quarantine_rows`: rows that break it are put aside, and the rule is kept by those that stay. */
  onFailure: onFailure.optional(),
});
export type ExpectationResult = z.infer<typeof expectationResult>;

export const expectationReport = z.strictObject({
  /** The file of expectations and the SHA-256 of its text; null where the dataset declares none. */
  suite: z.strictObject({ path: z.string(), digest: z.string() }).nullable(),
  results: z.array(expectationResult),
});
export type ExpectationReport = z.infer<typeof expectationReport>;

/** A file of rows that were put aside. */
const quarantineFile = z.strictObject({ digest: z.string(), sizeBytes: z.int() });

/** What a check put aside: rows of the registered files that broke rules marked `on_failure: quarantine_rows`. */
export const datasetQuarantine = z.strictObject({
  /** Rows put aside; those of the version and these together are the registered ones. */
  rows: z.int(),
  /** Rows by rule; a row may break several. In the order of the report. */
  rules: z.array(
    z.strictObject({ rule: z.string(), column: z.string().nullable(), expected: z.string(), rows: z.int() }),
  ),
  /** The content that was registered, which the version is made of. */
  registered: z.strictObject({
    digest: z.string(),
    rows: z.int(),
    sizeBytes: z.int(),
    files: z.array(datasetFile),
    columns: z.array(datasetColumn),
  }),
  /** The same rows in both, with the file and row they came from and the rules they broke. */
  parquet: quarantineFile,
  csv: quarantineFile,
});
export type DatasetQuarantine = z.infer<typeof datasetQuarantine>;

export const datasetVersionSummary = z.strictObject({
  id: z.string(),
  project: slug,
  dataset: slug,
  /** 1, 2, … by dataset; never reused. */
  number: z.int(),
  status: datasetVersionStatus,
  origin: datasetOrigin,
  /** Of the content: equal for the same files under the same names. */
  digest: z.string(),
  rows: z.int(),
  /** Rows that were registered with it and put aside by its check. */
  quarantinedRows: z.int(),
  sizeBytes: z.int(),
  fileCount: z.int(),
  /** Extremes of the event-time column; null before the check and for datasets without one. */
  eventTime: z.strictObject({ min: timestamp, max: timestamp }).nullable(),
  createdAt: timestamp,
  checkedAt: timestamp.nullable(),
});
export type DatasetVersionSummary = z.infer<typeof datasetVersionSummary>;

export const datasetVersion = datasetVersionSummary.extend({
  files: z.array(datasetFile),
  columns: z.array(datasetColumn),
  eventTimeColumn: z.string().nullable(),
  parents: z.array(z.strictObject({ versionId: z.string(), how: z.string() })),
  profile: datasetProfile.nullable(),
  report: expectationReport.nullable(),
  quarantine: datasetQuarantine.nullable(),
});
export type DatasetVersion = z.infer<typeof datasetVersion>;
