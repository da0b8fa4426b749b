import { z } from 'zod';
import { paramOverrides } from '../param-overrides.ts';
import { pipelineRun, pipelineRunStatus, pipelineRunSummary } from '../pipeline-run.ts';
import { defineRoute } from '../route.ts';
import { nothing, pageOf, pageQuery, slug, timestamp } from '../shapes.ts';

const ofRun = z.strictObject({ run: z.string().max(64) });
/** A hash, branch or tag; never an option of git. */
const commit = z
  .string()
  .max(256)
  .regex(/^\w[\w./@{}^~+-]*$/, 'name a commit by its hash, a branch or a tag');
const DAY_MS = 86_400_000;

/** A piece of a log. Ask again from `nextOffset`; while not `isComplete`, more may come. */
const logPiece = z.strictObject({
  text: z.string(),
  offset: z.int(),
  nextOffset: z.int(),
  sizeBytes: z.int(),
  isComplete: z.boolean(),
});

const logQuery = z.strictObject({
  /** First byte; a negative number counts from the end. */
  offset: z.coerce.number().int().default(0),
  limitBytes: z.coerce.number().int().min(1).max(1_000_000).default(100_000),
});

/** Runs of pipelines: started, watched, cancelled. */
export const pipelines = {
  start: defineRoute({
    name: 'pipelines.start',
    method: 'POST',
    path: '/api/v1/projects/:project/pipeline-runs',
    summary: 'Runs the project’s pipeline on dataset versions; stages that have not changed are not run again',
    permission: 'execute',
    bodyLimitBytes: 1_000_000,
    audit: 'pipeline-run.start',
    params: z.strictObject({ project: slug }),
    query: nothing,
    body: z.strictObject({
      inputs: z
        .array(z.strictObject({ datasetVersionId: z.string().max(64) }))
        .max(100)
        .default([])
        .meta({ description: 'A version for each dataset; the newest accepted one of those not named' }),
      params: paramOverrides
        .default({})
        .meta({ description: 'Values to use instead of those in the parameters files' }),
      cutoff: timestamp.optional().meta({ description: 'Rows of this event time and later are kept from the stages' }),
      stageTimeoutMs: z
        .int()
        .min(1_000)
        .max(30 * DAY_MS)
        .optional()
        .meta({ description: 'Longest time for one stage; default: an hour' }),
      commit: commit.optional().meta({
        description:
          'Of the project’s Git repository: the code is taken from it; else from the project’s folder as it is',
      }),
      keepGoing: z.boolean().default(false).meta({
        description: 'After a failure all but what depends on it goes on; else nothing more begins',
      }),
      requestKey: z.string().min(1).max(200).optional().meta({ description: 'The same key again gives the same run' }),
    }),
    reply: pipelineRunSummary,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT', 'NOT_IMPLEMENTED'],
  }),
  list: defineRoute({
    name: 'pipelines.list',
    method: 'GET',
    path: '/api/v1/pipeline-runs',
    summary: 'Pipeline runs, newest first',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: nothing,
    query: pageQuery.extend({ project: slug.optional(), status: pipelineRunStatus.optional() }),
    body: nothing,
    reply: pageOf(pipelineRunSummary),
    errors: ['INVALID_ARGUMENT'],
  }),
  get: defineRoute({
    name: 'pipelines.get',
    method: 'GET',
    path: '/api/v1/pipeline-runs/:run',
    summary: 'A run with its inputs, stages, attempts, and why each stage ran or did not',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofRun,
    query: nothing,
    body: nothing,
    reply: pipelineRun,
    errors: ['NOT_FOUND'],
  }),
  retry: defineRoute({
    name: 'pipelines.retry',
    method: 'POST',
    path: '/api/v1/pipeline-runs/:run/retry',
    summary: 'Runs the pipeline again with the versions, values and commit of a run that has ended',
    permission: 'execute',
    bodyLimitBytes: 10_000,
    audit: 'pipeline-run.retry',
    params: ofRun,
    query: nothing,
    body: z.strictObject({
      from: z.string().min(1).max(512).optional().meta({
        description: 'Stage that runs whatever is stored of it, and so do those that read from it',
      }),
      requestKey: z.string().min(1).max(200).optional().meta({ description: 'The same key again gives the same run' }),
    }),
    reply: pipelineRunSummary,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND', 'CONFLICT', 'NOT_IMPLEMENTED'],
  }),
  cancel: defineRoute({
    name: 'pipelines.cancel',
    method: 'POST',
    path: '/api/v1/pipeline-runs/:run/cancel',
    summary: 'Ends a run: at once when it waits, else as soon as its command has been ended',
    permission: 'execute',
    bodyLimitBytes: 1_000,
    audit: 'pipeline-run.cancel',
    params: ofRun,
    query: nothing,
    body: nothing,
    reply: pipelineRunSummary,
    errors: ['NOT_FOUND', 'CONFLICT'],
  }),
  attemptLog: defineRoute({
    name: 'pipelines.attemptLog',
    method: 'GET',
    path: '/api/v1/stage-attempts/:attempt/log',
    summary: 'What a stage attempt printed, from an offset on',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: z.strictObject({ attempt: z.string().max(64) }),
    query: logQuery,
    body: nothing,
    reply: logPiece,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
  environmentLog: defineRoute({
    name: 'pipelines.environmentLog',
    method: 'GET',
    path: '/api/v1/pipeline-runs/:run/environment-log',
    summary: 'What building the run’s Python environment printed; empty where one was there already',
    permission: 'read',
    bodyLimitBytes: 0,
    audit: 'none',
    params: ofRun,
    query: logQuery,
    body: nothing,
    reply: logPiece,
    errors: ['INVALID_ARGUMENT', 'NOT_FOUND'],
  }),
};
