import { z } from 'zod';
import { reportedOutcome } from '../reported-run.ts';
import { gateEvents } from './gates.ts';
import { evaluationEvents } from './evaluations.ts';
import { traceEvents } from './traces.ts';
import { importEvents } from './imports.ts';
import { sweepEvents } from './sweeps.ts';

const runStatus = z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']);

/** How much one call logged; the values themselves are read from the run. */
const counts = z.strictObject({
  metrics: z.int(),
  params: z.int(),
  tags: z.int(),
  datasets: z.int(),
  models: z.int(),
  artifacts: z.int(),
});

/** Set where the model is a prompt, as MLflow keeps them: a registered model with a tag that says so. */
const isPrompt = z.literal(true).optional();
/** Values of the tags that were set; a key among `tags` without a value was removed. Long ones are cut, with a digest. */
const values = z.record(z.string(), z.string()).optional();

const aliasMove = z.strictObject({
  model: z.string(),
  alias: z.string(),
  from: z.int().optional(),
  to: z.int().optional(),
  reason: z.string().optional(),
  /** The verdict that allowed it, for a promotion. */
  verdictId: z.string().optional(),
  isPrompt,
});

/** Facts of experiments, runs and logged models. */
const experimentEvents = {
  'experiment.created': z.strictObject({ name: z.string() }),
  'experiment.updated': z.strictObject({ name: z.string().optional(), tags: z.array(z.string()).optional() }),
  'experiment.deleted': z.strictObject({ runs: z.int() }),
  'experiment.restored': z.strictObject({ runs: z.int() }),
  'experiment.purged': z.strictObject({ name: z.string(), runs: z.int(), loggedModels: z.int() }),
  'run.created': z.strictObject({ experimentId: z.string(), name: z.string() }),
  'run.updated': z.strictObject({ status: runStatus.optional(), name: z.string().optional() }),
  'run.logged': counts,
  'run.ended': z.strictObject({ experimentId: z.string(), status: runStatus }),
  'run.tag-removed': z.strictObject({ key: z.string() }),
  'run.artifact-removed': z.strictObject({ path: z.string() }),
  'run.deleted': z.strictObject({}),
  'run.restored': z.strictObject({}),
  'run.purged': z.strictObject({ name: z.string(), experimentId: z.string() }),
  'logged-model.created': z.strictObject({ experimentId: z.string(), name: z.string(), runId: z.string().optional() }),
  'logged-model.logged': z.strictObject({ params: z.int(), tags: z.int(), artifacts: z.int() }),
  'logged-model.ended': z.strictObject({ status: z.string() }),
  'logged-model.tag-removed': z.strictObject({ key: z.string() }),
  'logged-model.artifact-removed': z.strictObject({ path: z.string() }),
  'logged-model.deleted': z.strictObject({}),
  'logged-model.restored': z.strictObject({}),
  'logged-model.purged': z.strictObject({ name: z.string(), experimentId: z.string() }),
} as const;

/** Facts of registered models, their versions and aliases. */
const registryEvents = {
  'registered-model.created': z.strictObject({
    model: z.string(),
    description: z.string().optional(),
    values,
    isPrompt,
  }),
  'registered-model.updated': z.strictObject({
    model: z.string(),
    tags: z.array(z.string()).optional(),
    values,
    description: z.string().nullable().optional(),
    isPrompt,
  }),
  'registered-model.renamed': z.strictObject({ from: z.string(), to: z.string(), isPrompt }),
  'registered-model.deleted': z.strictObject({ model: z.string(), versions: z.array(z.int()), isPrompt }),
  'model-version.created': z.strictObject({
    model: z.string(),
    version: z.int(),
    source: z.string(),
    runId: z.string().optional(),
    loggedModelId: z.string().optional(),
    description: z.string().optional(),
    values,
    isPrompt,
  }),
  'model-version.updated': z.strictObject({
    model: z.string(),
    version: z.int(),
    stage: z.string().optional(),
    tags: z.array(z.string()).optional(),
    values,
    description: z.string().nullable().optional(),
    isPrompt,
  }),
  'model-version.deleted': z.strictObject({ model: z.string(), version: z.int(), isPrompt }),
  'model-alias.set': aliasMove,
  'model-alias.removed': aliasMove,
} as const;

const ofRun = { pipelineRun: z.string() };
const ofStage = { ...ofRun, stage: z.string() };

/** Facts of pipeline runs; each is about `pipeline-run:ID`. */
const pipelineEvents = {
  /** It waits to be run. */
  'pipeline-run.started': z.strictObject({
    ...ofRun,
    number: z.int(),
    revision: z.int(),
    stages: z.array(z.string()),
    inputs: z.array(z.strictObject({ dataset: z.string(), versionId: z.string() })),
    cutoff: z.int().optional(),
  }),
  'pipeline-run.cancel-requested': z.strictObject(ofRun),
  'stage-attempt.started': z.strictObject({
    ...ofStage,
    attempt: z.string(),
    number: z.int(),
    why: z.array(z.string()),
    /** Of all files of code that it sees. */
    codeDigest: z.string(),
    /** Of Python and its packages. */
    environmentKey: z.string(),
    /** Versions that reach it: read by itself, or `through` a stage before it. */
    datasets: z.array(z.strictObject({ dataset: z.string(), versionId: z.string(), through: z.string().optional() })),
    /** Values it depends on, by name as logged. */
    params: z.record(z.string(), z.string()),
  }),
  'stage-attempt.ended': z.strictObject({
    ...ofStage,
    attempt: z.string(),
    number: z.int(),
    outcome: z.enum(['succeeded', 'failed', 'timed-out', 'cancelled', 'lost']),
    runId: z.string().optional(),
    exitCode: z.int().optional(),
    durationMs: z.number().optional(),
  }),
  /** A checkout runs it, and tells of it. */
  'pipeline-run.reported': z.strictObject({
    ...ofRun,
    number: z.int(),
    by: z.string(),
    host: z.string(),
    repository: z.string(),
    commit: z.string().optional(),
    stages: z.int(),
  }),
  'stage-attempt.reported': z.strictObject({
    ...ofStage,
    attempt: z.string(),
    number: z.int(),
    why: z.array(z.string()),
  }),
  /** How a stage of a checkout came to be as it is now. */
  'stage.reported': z.strictObject({
    ...ofStage,
    outcome: reportedOutcome,
    /** Files of the repository that it read and does not declare. */
    undeclared: z.array(z.string()).optional(),
  }),
  /** Stored outputs of an earlier attempt stood in for a run. */
  'stage.reused': z.strictObject({ ...ofStage, attempt: z.string(), runId: z.string().optional() }),
  'pipeline-run.ended': z.strictObject({
    ...ofRun,
    number: z.int(),
    outcome: z.enum(['succeeded', 'failed', 'cancelled']),
    reason: z.string().optional(),
    /** Of the attempts whose outputs the run has, earlier ones that stood in included. */
    runIds: z.array(z.string()),
    /** `MODEL/VERSION` of the versions that those runs made. */
    modelVersions: z.array(z.string()),
  }),
} as const;

/** Facts of runs, traces, evaluations, pipelines, sweeps, models, gates and imports. */
export const modelEvents = {
  ...experimentEvents,
  ...traceEvents,
  ...evaluationEvents,
  ...registryEvents,
  ...pipelineEvents,
  ...sweepEvents,
  ...gateEvents,
  ...importEvents,
} as const;
