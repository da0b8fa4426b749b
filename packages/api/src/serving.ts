import { z } from 'zod';
import { servedAccess } from './consumer.ts';
import { servingSettings } from './serving-settings.ts';
import { stickyHeader } from './rollout.ts';
import { deploymentName, timestamp } from './shapes.ts';

/** No recalibration moves log odds by more: a model that is further off is broken, and other guards are for that. */
const MAX_SHIFT = 3;

// What the two planes say to each other: the routing snapshot (down), segments of prediction records and replica
// reports (up). Both planes parse with these schemas; they change only by addition, since a data plane may be older.

/** `sha256:` and 64 lower-case hex digits: names a model file. */
export const modelDigest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'use sha256: and 64 lower-case hex digits')
  .transform((text) => text as `sha256:${string}`);

/** As in MLflow's flavors: which runtime answers. */
export const servedFlavor = z.enum(['onnx', 'python_function']);
export type ServedFlavor = z.infer<typeof servedFlavor>;

/** The files of a model, by paths from its own folder. */
export const modelPackage = z.strictObject({
  files: z.array(z.strictObject({ path: z.string().min(1), digest: modelDigest, sizeBytes: z.int().min(0) })),
});
export type ModelPackage = z.infer<typeof modelPackage>;

/** Why a row got its answer: `champion` and `canary` are the two sides of the split, `shadow` is never shown to the caller. */
export const servingRole = z.enum(['champion', 'canary', 'shadow', 'fallback', 'direct']).meta({
  description:
    'fallback: another answer stood in for the assigned one (breaker open, or the canary failed); ' +
    'direct: the caller named the revision, so it takes no part in comparisons',
});
export type ServingRole = z.infer<typeof servingRole>;

/** Unit conversion of one input column before the model sees it: value × multiply + add. */
export const inputAdapter = z.strictObject({ multiply: z.number().default(1), add: z.number().default(0) });
export type InputAdapter = z.infer<typeof inputAdapter>;

/** Of log odds; 0 leaves the model's probability as it is. */
const logOddsShift = z.number().min(-MAX_SHIFT).max(MAX_SHIFT).default(0);

/** A share of the traffic of a deployment. */
export const servingRoute = z.strictObject({
  revision: z.int().min(1),
  role: z.enum(['champion', 'canary', 'shadow']),
  /** Of the rows that may go to it; champion and canary add up to 1, a shadow sees the rows of the champion. */
  share: z.number().min(0).max(1),
  model: z.string(),
  modelVersion: z.int().min(0),
  /** Of the ONNX file; of the package for other flavors, and for an ONNX model whose weights are in files beside it. */
  digest: modelDigest,
  flavor: servedFlavor.default('onnx'),
  /** Of the list of all of the model's files; null where only the ONNX file is known. */
  package: modelDigest.nullable().default(null),
  /** Decide positive at this probability and above. */
  threshold: z.number().min(0).max(1),
  inputAdapters: z.record(z.string(), inputAdapter),
  /** How its model runs; absent where the revision sets nothing. */
  serving: servingSettings.optional(),
  /** Added to the log odds of what the model says: recalibration by outcomes of late. */
  shift: logOddsShift,
});
export type ServingRoute = z.infer<typeof servingRoute>;

export const breakerMode = z.enum(['fallback', 'last-known-good', 'stop']);
export type BreakerMode = z.infer<typeof breakerMode>;

/** While open, the champion's share is answered by something safe instead. */
export const breakerState = z.strictObject({
  state: z.enum(['closed', 'open']),
  mode: breakerMode,
  /** Answer in mode `fallback`: the baseline's constant probability. */
  fallbackProbability: z.number().min(0).max(1).nullable(),
  /** Revision that answers in mode `last-known-good`; its route is not among `routes`. */
  lastKnownGood: servingRoute.nullable(),
  reason: z.string().nullable(),
});

export const servedDeployment = z.strictObject({
  name: deploymentName,
  /** Empty where no project declares it. */
  project: z.string(),
  /** Request columns that are logged and not fed to the model. */
  context: z.strictObject({ id: z.string().nullable(), eventTime: z.string().nullable() }),
  /** Inputs and outputs whose values are not logged. */
  redact: z.array(z.string()).default([]),
  /** Share of the requests whose inputs and outputs are logged; of the others the rest is. */
  sample: z.number().min(0).max(1).default(1),
  /** The rollout under way. */
  rollout: z.strictObject({ id: z.string(), stage: z.int().min(0) }).nullable(),
  /** Of the split: the rollout's own, so that another rollout reshuffles all. */
  salt: z.string(),
  routes: z.array(servingRoute),
  /** Header by whose value the split goes, where requests have it; else it goes by the ids of examples. */
  sticky: stickyHeader.optional(),
  /** Kept loaded without any traffic: what a rollback goes back to. */
  warm: z.array(servingRoute).default([]),
  breaker: breakerState,
});
export type ServedDeployment = z.infer<typeof servedDeployment>;

/** Everything a data plane needs to answer. Each has a higher `version` than the one before. */
export const snapshot = z.strictObject({
  version: z.int().min(0),
  /** Business time: the data plane's own while the clock is the system's. */
  clock: z.enum(['system', 'simulated']),
  now: timestamp,
  deployments: z.array(servedDeployment),
  /** Absent while nobody has declared any consumer. */
  access: servedAccess.optional(),
});
export type Snapshot = z.infer<typeof snapshot>;

/** One input tensor as a column: `width` values a row. 64-bit integers travel as numbers within ±2^53 and as text beyond, NaN as null. */
export const recordedColumn = z.strictObject({
  name: z.string(),
  datatype: z.string(),
  width: z.int().min(0),
  data: z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])),
});
export type RecordedColumn = z.infer<typeof recordedColumn>;

/** The rows of one request that one route answered. */
export const recordedPart = z.strictObject({
  role: servingRole,
  /** 0 for the baseline's constant. */
  revision: z.int().min(0),
  modelVersion: z.int().min(0),
  /** Chance, at the time of the request, that a row went here; 0 where it was not drawn by lot. */
  share: z.number().min(0).max(1),
  threshold: z.number().min(0).max(1),
  /** Indices into the request's rows; null for all of them, in order. */
  rows: z.array(z.int().min(0)).nullable(),
  /** Of the log odds, that is in the probabilities. */
  shift: logOddsShift,
  /** Positive-class probability of each row; null when the model failed, and for models that give none. */
  probabilities: z.array(z.number().min(0).max(1)).nullable(),
  /** What the model said, by columns; null when it failed, and in records from before it was kept. */
  outputs: z.array(recordedColumn).nullable().optional(),
  error: z.string().nullable(),
  latencyUs: z.int().min(0),
});
export type RecordedPart = z.infer<typeof recordedPart>;

/**
 * One line of a segment as older data planes wrote them: a request (or its shadow, a second line with the same request id
 * and no inputs), by columns.
 */
export const predictionRecord = z.strictObject({
  v: z.literal(1),
  request: z.string().min(1).max(64),
  deployment: deploymentName,
  rollout: z.string().nullable(),
  stage: z.int().min(0).nullable(),
  /** Business time of the answer. */
  at: timestamp,
  /** Who asked, by its token; absent for callers without one. */
  consumer: z.string().max(64).optional(),
  examples: z.array(z.string().min(1).max(256)).min(1),
  /** Null: the time of the answer stands in for all. */
  eventTimes: z.array(timestamp).nullable(),
  /** Null in a shadow's line. */
  inputs: z.array(recordedColumn).nullable(),
  parts: z.array(recordedPart).min(1),
});
export type PredictionRecord = z.infer<typeof predictionRecord>;

/** A column whose values stand behind the head of its record, in this form. */
const columnHead = z.strictObject({
  name: z.string(),
  datatype: z.string(),
  width: z.int().min(0),
  /** `tensor`: as binary tensor data; `json`: a list, where they have no datatype; `null`: they are not to be known. */
  form: z.enum(['tensor', 'json', 'null']),
  bytes: z.int().min(0),
});

const partHead = recordedPart.omit({ probabilities: true, outputs: true }).extend({
  hasProbabilities: z.boolean(),
  /** The executions that its rows were computed in, in their order: `own` rows of the part among `rows`. None: kept answers, constants. */
  batches: z.array(z.strictObject({ id: z.string().max(64), rows: z.int().min(0), own: z.int().min(0) })).optional(),
  outputs: z.array(columnHead).nullable(),
});

/** The head of a record in a segment: what of `predictionRecord` is no column. See `ports/prediction-log.ts` for the rest. */
export const recordHead = predictionRecord.omit({ v: true, examples: true, eventTimes: true }).extend({
  rows: z.int().min(1),
  /** Null where the caller gave none: then they follow from the id of the request and the number of the row. */
  examples: predictionRecord.shape.examples.nullable(),
  hasEventTimes: z.boolean(),
  /** The chance that inputs and outputs are logged, where the deployment samples them, and whether they are. */
  sampling: z.strictObject({ share: z.number().min(0).max(1), isKept: z.boolean() }).optional(),
  inputs: z.array(columnHead).nullable(),
  parts: z.array(partHead).min(1),
});
export type RecordHead = z.infer<typeof recordHead>;
export type ColumnHead = z.infer<typeof columnHead>;

/** What a data plane says of itself, on every change and every few seconds. */
export const replicaReport = z.strictObject({
  url: z.string(),
  /** The same for all processes that share its port; absent from data planes that cannot be told to answer nothing. */
  portGroup: z.string().min(1).max(64).optional(),
  snapshotVersion: z.int().min(0),
  /** Revisions it can answer with now, and what it has loaded for them. */
  serving: z.array(
    z.strictObject({
      deployment: z.string(),
      revision: z.int(),
      digest: modelDigest.optional(),
      /** What its model runs with; absent where that is as the data plane's own settings have it. */
      settings: servingSettings.optional(),
    }),
  ),
  /** Revisions it was told to serve and cannot. */
  failures: z.array(z.strictObject({ deployment: z.string(), revision: z.int(), reason: z.string() })),
  /** Revisions whose models are still being loaded, and what that is at. */
  loading: z.array(z.strictObject({ deployment: z.string(), revision: z.int(), note: z.string() })).default([]),
  /** Revisions that are served though something is wrong with them here, as what their model said to logged requests. */
  warnings: z.array(z.strictObject({ deployment: z.string(), revision: z.int(), reason: z.string() })).optional(),
  counters: z.strictObject({
    rowsAnswered: z.int(),
    requestsFailed: z.int(),
    shadowRowsDropped: z.int(),
    segmentsWaiting: z.int(),
    segmentsRejected: z.int(),
  }),
});
export type ReplicaReport = z.infer<typeof replicaReport>;

/** What a replica is not to answer for, since it differs from what is deployed and another one does not. */
export const withheldTraffic = z.strictObject({
  deployments: z.array(z.strictObject({ deployment: z.string(), reason: z.string() })).min(1),
  /** Another process of its port group answers for all: it is to stop listening. */
  leavesPort: z.boolean(),
});
export type WithheldTraffic = z.infer<typeof withheldTraffic>;
