import { z } from 'zod';
import { paramOverrides } from './param-overrides.ts';
import { reportedPlace, stageReport } from './reported-run.ts';
import { timestamp } from './shapes.ts';
import { stageReason } from './stage-reason.ts';

export const pipelineRunStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type PipelineRunStatus = z.infer<typeof pipelineRunStatus>;

/** What a run is busy with. */
export const pipelineRunPhase = z.enum(['waiting', 'workspace', 'environment', 'stages', 'ended']);
export type PipelineRunPhase = z.infer<typeof pipelineRunPhase>;

/** `skipped`: the run ended before its turn came. */
export const stageStatus = z.enum(['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'skipped']);
export type StageStatus = z.infer<typeof stageStatus>;

/** `lost`: the server that ran it went away. */
export const attemptStatus = z.enum(['running', 'succeeded', 'failed', 'timed-out', 'cancelled', 'lost']);
export type AttemptStatus = z.infer<typeof attemptStatus>;

/** A dataset as a run reads it. */
export const pipelineRunInput = z.strictObject({
  dataset: z.string(),
  /** What was asked for. */
  versionId: z.string(),
  number: z.int(),
  digest: z.string(),
  /** What the stages see: the same, or the part of it before the cut-off. Null until the workspace is made. */
  used: z.strictObject({ versionId: z.string(), number: z.int(), digest: z.string() }).nullable(),
  /** Where its files lie in the project: a folder, or one file. */
  path: z.string(),
});
export type PipelineRunInput = z.infer<typeof pipelineRunInput>;

export const stageAttempt = z.strictObject({
  id: z.string(),
  number: z.int(),
  status: attemptStatus,
  reason: z.string().nullable(),
  /** The experiment run made for it. */
  runId: z.string().nullable(),
  startedAt: timestamp,
  endedAt: timestamp.nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  durationMs: z.number().nullable(),
  /** Of the command and all it started; null where the platform does not tell. */
  cpuMs: z.number().nullable(),
  peakMemoryBytes: z.number().nullable(),
  /** That it ran on, as its executor calls it; null for the server's own. */
  machine: z.string().nullable(),
});
export type StageAttempt = z.infer<typeof stageAttempt>;

export const pipelineRunStage = z.strictObject({
  name: z.string(),
  description: z.string().nullable(),
  command: z.string(),
  /** Stages whose outputs it reads. */
  after: z.array(z.string()),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  status: stageStatus,
  /** Stored outputs of an earlier attempt stood in for a run. */
  isCached: z.boolean(),
  why: z.array(stageReason),
  reason: z.string().nullable(),
  /** The stage whose failure it was skipped for. */
  because: z.string().nullable(),
  /** The experiment run that made the outputs: of its own last attempt, or of the earlier one whose outputs it took. */
  runId: z.string().nullable(),
  /** What a checkout told of it; null for stages that the server ran, and before it has ended. */
  report: stageReport.nullable(),
  attempts: z.array(stageAttempt),
});
export type PipelineRunStage = z.infer<typeof pipelineRunStage>;

/** `checkout`: somebody ran it in a checkout, which told the server. */
export const pipelineRunSource = z.enum(['server', 'checkout']);

export const pipelineRunSummary = z.strictObject({
  id: z.string(),
  project: z.string(),
  source: pipelineRunSource,
  /** Of a checkout: where it ran. */
  place: reportedPlace.nullable(),
  /** Of a checkout: it claims to run, and nothing was heard of it for too long. It goes on when its client comes back. */
  isLost: z.boolean(),
  /** 1, 2, … by project. */
  number: z.int(),
  status: pipelineRunStatus,
  phase: pipelineRunPhase,
  reason: z.string().nullable(),
  /** Rows of this event time and later are kept from the stages. */
  cutoff: timestamp.nullable(),
  cycle: z.string().nullable(),
  actor: z.string(),
  /**
   * `MODEL/VERSION` of what its stages registered, or the attempts whose stored outputs stood in for them. Empty until
   * the run has ended.
   */
  modelVersions: z.array(z.string()),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type PipelineRunSummary = z.infer<typeof pipelineRunSummary>;

export const pipelineRun = pipelineRunSummary.extend({
  /** Revision of the project's declaration. */
  revision: z.int(),
  inputs: z.array(pipelineRunInput),
  params: paramOverrides,
  /** Of all files of code that the stages see. */
  codeDigest: z.string().nullable(),
  gitCommit: z.string().nullable(),
  /** Of Python and its packages; null until it is known. */
  environmentKey: z.string().nullable(),
  /** Name of what its stages run on. */
  executor: z.string(),
  stageTimeoutMs: z.int(),
  /** Commit that its code was asked from; null: the project's folder as it was. */
  fromCommit: z.string().nullable(),
  /** Stage that ran whatever was stored of it, and so did those that read from it. */
  forcedFrom: z.string().nullable(),
  /** The run that it tries anew. */
  retryOf: z.string().nullable(),
  /** After a failure all but what depends on it goes on. */
  keepGoing: z.boolean(),
  isCancelRequested: z.boolean(),
  stages: z.array(pipelineRunStage),
});
export type PipelineRun = z.infer<typeof pipelineRun>;
