import { z } from 'zod';
import { columnType } from './expectation-suite.ts';
import { slug, timestamp } from './shapes.ts';

const named = z.strictObject({ name: z.string(), type: columnType });

/** The versions that something was computed from, by dataset. */
const versions = z.record(slug, z.string());

/** A run that brought the online store up to date with a feature view. */
export const materialization = z.strictObject({
  number: z.int(),
  status: z.enum(['succeeded', 'failed']),
  /** Why it failed. */
  reason: z.string().nullable(),
  versions,
  /** Entities that the online store holds afterwards, those it wrote, and those it took out. */
  entities: z.int(),
  written: z.int(),
  removed: z.int(),
  /** The newest event time that is served. */
  newest: timestamp.nullable(),
  startedAt: timestamp,
  endedAt: timestamp,
});

export type Materialization = z.infer<typeof materialization>;

const example = z.strictObject({
  entity: z.record(z.string(), z.json()),
  eventTime: timestamp.nullable(),
  feature: z.string(),
  /** What each of the two sides has. */
  left: z.json(),
  right: z.json(),
});

/** Whether the past of a feature view depends on its future, and whether both stores say the same. */
export const featureCheck = z.strictObject({
  view: slug,
  passed: z.boolean(),
  checkedAt: timestamp,
  versions,
  leakage: z.strictObject({
    passed: z.boolean(),
    /** At each: the view made of what was known then, against the same rows made of everything. */
    cuts: z.array(
      z.strictObject({ at: timestamp, rows: z.int(), different: z.int(), missing: z.int(), added: z.int() }),
    ),
    /** Datasets with no event time: they were taken whole. */
    uncut: z.array(slug),
    examples: z.array(example),
  }),
  skew: z.strictObject({
    passed: z.boolean(),
    /** Null: nothing has been materialized. */
    materialization: z.int().nullable(),
    /** True where the data, or the view, has changed since: then a difference is one of age. */
    isStale: z.boolean(),
    entities: z.int(),
    different: z.int(),
    missing: z.int(),
    examples: z.array(example),
  }),
});

export type FeatureCheck = z.infer<typeof featureCheck>;

export const featureView = z.strictObject({
  name: slug,
  entities: z.array(named),
  features: z.array(named),
  eventTime: z.string(),
  /** The file of its select, and the text. */
  path: z.string(),
  sql: z.string(),
  /** For so long after its event time a value counts; null: for ever. */
  ttlMs: z.int().nullable(),
  isOnline: z.boolean(),
  description: z.string().nullable(),
  /** What it would be computed from now. */
  versions,
  /** Why it cannot be computed now; entities and features have no type then. */
  fault: z.string().nullable(),
  lastMaterialization: materialization.nullable(),
  lastCheck: featureCheck.nullable(),
});

export type FeatureView = z.infer<typeof featureView>;

export const featureStatus = z
  .enum(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'])
  .meta({ description: 'As Feast says it; a value that is older than the time to live of its view is not given' });

export type FeatureStatus = z.infer<typeof featureStatus>;

/** The features of one entity row, in the order asked for. */
export const onlineRow = z.strictObject({
  values: z.array(z.json()),
  statuses: z.array(featureStatus),
  eventTimes: z.array(timestamp.nullable()),
});

export type OnlineRow = z.infer<typeof onlineRow>;

export const trainingSet = z.strictObject({
  id: z.string(),
  project: slug,
  /** The version whose rows it has, with the column of their times. */
  rowsFrom: z.string(),
  eventTime: z.string(),
  /** `view:feature`, as columns of their names. */
  features: z.array(z.string()),
  versions,
  columns: z.array(named),
  rows: z.int(),
  sizeBytes: z.int(),
  digest: z.string(),
  createdAt: timestamp,
});

export type TrainingSet = z.infer<typeof trainingSet>;
