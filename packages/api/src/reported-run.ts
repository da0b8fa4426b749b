import { z } from 'zod';
import { paramOverrides } from './param-overrides.ts';
import { slug, timestamp } from './shapes.ts';
import { stageReason } from './stage-reason.ts';

// What a checkout tells of a run of its pipeline. Ids are the client's: whatever is told again has one effect.

const word = z.string().max(1_000);
const text = z.string().max(4_000);
const path = z.string().max(4_096);
const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`));

/** A file or folder as a stage found or left it. */
export const reportedFile = z.strictObject({
  path,
  /** `md5:…` or `etag:…`; absent where only its presence is known. */
  hash: z.string().max(200).optional(),
  sizeBytes: z.int().min(0).optional(),
  files: z.int().min(0).optional(),
});
export type ReportedFile = z.infer<typeof reportedFile>;

const commit = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

/** The experiment that a run is kept as. */
export const reportedExperiment = z.strictObject({
  name: z.string().min(1).max(200),
  /** What it was kept as, all that Git tracks; null until it is. */
  commit: commit.nullable(),
});
export type ReportedExperiment = z.infer<typeof reportedExperiment>;

/** Where a run was made. */
export const reportedPlace = z.strictObject({
  /** Who ran it, as Git or the machine calls them. */
  by: z.string().min(1).max(200),
  host: z.string().max(255),
  /** What was typed. */
  commandText: text,
  repository: z.strictObject({
    name: z.string().min(1).max(200),
    /** Address without user and password; null where it has none. */
    remote: z.string().max(2_000).nullable(),
  }),
  /** Null outside of Git, or where Git does not tell. */
  commit: commit.nullable(),
  branch: z.string().max(500).nullable(),
  /** Whether files that Git keeps had changes in no commit. */
  isDirty: z.boolean().nullable(),
  /** Absent for a run that is kept as none. */
  experiment: reportedExperiment.optional(),
});
export type ReportedPlace = z.infer<typeof reportedPlace>;

/** A stage before its turn. */
export const reportedStage = z.strictObject({
  /** As dvc calls it at the root: `train`, `models/dvc.yaml:train`. Unique in the run. */
  name: word.min(1),
  description: text.nullable(),
  command: z.string().max(64_000),
  /** Names of stages whose outputs it reads. */
  after: z.array(word).max(10_000),
  inputs: z.array(path).max(10_000),
  outputs: z.array(path).max(10_000),
});
export type ReportedStage = z.infer<typeof reportedStage>;

/** A run as it begins. */
export const reportedRun = z.strictObject({
  id: id('pr'),
  project: slug,
  startedAt: timestamp.min(0),
  place: reportedPlace,
  /** Values that were set for it; absent where none were. */
  params: paramOverrides.optional(),
  stages: z.array(reportedStage).min(1).max(10_000),
});
export type ReportedRun = z.infer<typeof reportedRun>;

const why = z.array(stageReason).max(200);

/** How a stage came to be as it is now. */
export const reportedOutcome = z.enum([
  'ran',
  'restored',
  'recorded',
  'unchanged',
  'failed',
  'cancelled',
  'skipped',
  'lost',
]);
export type ReportedOutcome = z.infer<typeof reportedOutcome>;

/** What a stage that has ended was made from and left. */
export const stageReport = z.strictObject({
  outcome: reportedOutcome,
  inputs: z.array(reportedFile).max(10_000),
  outputs: z.array(reportedFile).max(10_000),
  /** Values that it depends on, by name. */
  params: z.record(word, z.string().max(6_000)),
  metrics: z.record(word, z.number()),
  /** Files of the repository that its command read and it does not declare; null where nobody looked. */
  undeclared: z.array(path).max(1_000).nullable(),
  warnings: z.array(text).max(100),
});
export type StageReport = z.infer<typeof stageReport>;

/** What happened, in the order in which it did. */
export const reportedFact = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('stage-began'),
    stage: word,
    attempt: id('sa'),
    at: timestamp.min(0),
    why,
  }),
  z.strictObject({
    kind: z.literal('stage-ended'),
    stage: word,
    /** The attempt that it began; null for a stage that had none. */
    attempt: id('sa').nullable(),
    at: timestamp.min(0),
    why,
    /** Why it failed, or was left out. */
    reason: text.nullable(),
    durationMs: z.number().min(0),
    exitCode: z.int().nullable(),
    signal: z.string().max(20).nullable(),
    cpuMs: z.number().min(0).nullable(),
    peakMemoryBytes: z.number().min(0).nullable(),
    /** How long its log is: that much must have come before; null takes what has come for all of it. */
    logBytes: z.int().min(0).nullable(),
    report: stageReport,
  }),
  z.strictObject({
    kind: z.literal('run-ended'),
    at: timestamp.min(0),
    outcome: z.enum(['succeeded', 'failed', 'cancelled']),
    reason: text.nullable(),
    /** Of an experiment: the commit that keeps it. */
    keptAs: commit.optional(),
  }),
]);
export type ReportedFact = z.infer<typeof reportedFact>;
