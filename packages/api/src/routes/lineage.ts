import { z } from 'zod';
import { cycleStep, cycleSummary } from '../cycle.ts';
import { datasetUsage } from '../dataset-diff.ts';
import { datasetFile, datasetVersionStatus } from '../dataset-version.ts';
import { event } from '../events/event.ts';
import { pipelineRunSummary, stageAttempt } from '../pipeline-run.ts';
import { defineRoute } from '../route.ts';
import { judgement } from '../rollout.ts';
import { inputAdapter, modelDigest, servingRole } from '../serving.ts';
import { nothing, timestamp } from '../shapes.ts';
import { gateVerdict } from '../verdict.ts';
import { revision, rollout } from './deployments.ts';
import { prediction } from './predictions.ts';

/** A link of the chain: what stands there, or why nothing does. Never a guess. */
function linkTo<Found extends z.ZodType>(found: Found) {
  return z.union([z.strictObject({ found }), z.strictObject({ missing: z.string() })]);
}

/** A logged answer with what only an explanation shows. */
const explainedAnswer = prediction.extend({
  project: z.string(),
  requestId: z.string(),
  /** It was decided positive at this probability and above. */
  threshold: z.number(),
});

const explainedVersion = z.strictObject({
  model: z.string(),
  version: z.int(),
  /** The ONNX file that answered. */
  digest: modelDigest,
  source: z.string(),
  createdAt: timestamp,
  createdBy: z.string(),
  /** Aliases that named it when the answer was given, and that name it now. */
  aliasesThen: z.array(z.string()),
  aliasesNow: z.array(z.string()),
});

const explainedRun = z.strictObject({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  startedAt: timestamp,
  endedAt: timestamp.nullable(),
});

const explainedCode = z.strictObject({
  /** Of all files of code that the stages saw; null for a run of a checkout, which tells its commit alone. */
  digest: z.string().nullable(),
  /** Checked out in the project's folder; null where that is no repository. The digest covers what was not committed. */
  gitCommit: z.string().nullable(),
  /** Revision of the project's declaration; null for a run of a checkout. */
  declaration: z.int().nullable(),
  /** Of a checkout: where the commit is from, and whether what ran had changes that are in none. */
  checkout: z
    .strictObject({
      repository: z.string(),
      isDirty: z.boolean().nullable(),
      /** The commit was made of what ran, by an experiment of this name. */
      experiment: z.string().nullable(),
    })
    .nullable(),
});

const explainedData = z.strictObject({
  versionId: z.string(),
  dataset: z.string(),
  number: z.int(),
  status: datasetVersionStatus,
  digest: z.string(),
  rows: z.int(),
  eventTime: z.strictObject({ min: timestamp, max: timestamp }).nullable(),
  files: z.array(datasetFile),
  parents: z.array(z.strictObject({ versionId: z.string(), how: z.string() })),
  /** The training read it; false for what it was cut from. */
  isRead: z.boolean(),
});

/** What a stage of a checkout read that no stage of its run wrote, by the hash of DVC. */
const readFile = z.strictObject({ stage: z.string(), path: z.string(), hash: z.string().nullable() });

const madeVersion = z.strictObject({
  model: z.string(),
  version: z.int(),
  runId: z.string().nullable(),
  aliases: z.array(z.string()),
  /** Why it is not certain that the run made it; null where it is. */
  doubt: z.string().nullable(),
});

/** From data to models, by way of one pipeline run. */
const runLineage = z.strictObject({
  run: pipelineRunSummary,
  code: linkTo(explainedCode),
  environment: linkTo(z.strictObject({ key: z.string() })),
  data: linkTo(z.array(explainedData)),
  /** Of a checkout: what it read of which no dataset version is known. Code that Git keeps is among it. */
  unknownInputs: z.array(readFile),
  models: linkTo(z.array(madeVersion)),
});
export type RunLineage = z.infer<typeof runLineage>;

/** Everything that led to one answer, link by link. */
const explanation = z.strictObject({
  answer: explainedAnswer,
  /** Other answers to the same example: of a shadow, of a canary that failed, of another revision. */
  others: z.array(prediction),
  outcome: linkTo(z.strictObject({ label: z.union([z.literal(0), z.literal(1)]), at: timestamp })),
  revision: linkTo(revision),
  /** The one that brought the revision, with every judgement that moved it. */
  rollout: linkTo(rollout.extend({ startedBy: z.string().nullable(), decisions: z.array(judgement) })),
  modelVersion: linkTo(explainedVersion),
  run: linkTo(explainedRun),
  attempt: linkTo(stageAttempt.extend({ stage: z.string(), command: z.string() })),
  pipelineRun: linkTo(
    pipelineRunSummary.extend({
      /** Why it is not certain that this run made the version; null where it is. */
      doubt: z.string().nullable(),
    }),
  ),
  code: linkTo(explainedCode),
  environment: linkTo(z.strictObject({ key: z.string() })),
  data: linkTo(z.array(explainedData)),
  verdict: linkTo(gateVerdict),
  /** With the decisions on its trigger. */
  cycle: linkTo(cycleSummary.extend({ decisions: z.array(cycleStep) })),
  /** Facts, the first cause first, up to the one that brought the revision into traffic. */
  events: linkTo(z.array(event)),
});
export type Explanation = z.infer<typeof explanation>;

/** One execution of the model on logged inputs. */
const execution = z.strictObject({
  /** Rows in it. */
  rows: z.int(),
  probability: z.number(),
  isBitEqual: z.boolean(),
  /** Replayed minus logged. */
  difference: z.number(),
  /** Representable numbers between the two, in the precision of the model's output. */
  ulps: z.number(),
});

/** What the same model says today of what it saw then. */
const replay = z.strictObject({
  answer: explainedAnswer,
  model: z.string(),
  version: z.int(),
  digest: modelDigest,
  /** Of the model's probability. */
  precision: z.enum(['FP32', 'FP64']),
  isBitEqual: z.boolean(),
  /** Rows that the model answered at once then; null where the log no longer tells. */
  batchRows: z.int().nullable(),
  alone: execution,
  /** The whole batch as logged; null where the row alone was equal already, or the batch cannot be put together. */
  batch: execution.nullable(),
  decision: z.strictObject({ before: z.boolean(), after: z.boolean() }),
  /** What the model was fed, by input, after the revision's conversion of units. */
  inputs: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  /** Conversions that are in those inputs already. */
  adapters: z.record(z.string(), inputAdapter),
  /** The result as a sentence, then what limits it. */
  notes: z.array(z.string()),
});
export type Replay = z.infer<typeof replay>;

const ofPrediction = z.strictObject({
  prediction: z
    .string()
    .min(1)
    .max(330)
    .meta({ description: 'As the answer carried it: DEPLOYMENT:EXAMPLE, or an id made for the row' }),
});

const chosen = z.strictObject({
  role: servingRole.optional().meta({ description: 'Left out: the answer that the caller got' }),
});

/** Where an answer came from, whether it can be had again, and where data went. */
export const lineage = {
  usage: defineRoute({
    name: 'lineage.usage',
    method: 'GET',
    path: '/api/v1/dataset-versions/:version/usage',
    summary: 'Pipeline runs, experiment runs, model versions and cuts that a version of a dataset went into',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ version: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: datasetUsage,
    errors: ['NOT_FOUND'],
  }),
  run: defineRoute({
    name: 'lineage.run',
    method: 'GET',
    path: '/api/v1/pipeline-runs/:run/lineage',
    summary: 'From data to models by way of one pipeline run: code, environment, dataset versions, model versions',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ run: z.string().max(64) }),
    query: nothing,
    body: nothing,
    reply: runLineage,
    errors: ['NOT_FOUND'],
  }),
  explain: defineRoute({
    name: 'lineage.explain',
    method: 'GET',
    path: '/api/v1/predictions/:prediction/explanation',
    summary: 'Everything that led to one answer: revision, rollout, model, run, code, data, verdict, turn and facts',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofPrediction,
    query: chosen,
    body: nothing,
    reply: explanation,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  replay: defineRoute({
    name: 'lineage.replay',
    method: 'POST',
    path: '/api/v1/predictions/:prediction/replay',
    summary: 'Runs the same model on the logged inputs and compares the probability, bit by bit',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'prediction.replay',
    params: ofPrediction,
    query: chosen,
    body: nothing,
    reply: replay,
    errors: ['NOT_FOUND', 'CONFLICT', 'DATA_LOSS'],
  }),
};
