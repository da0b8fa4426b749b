import { z } from 'zod';
import { durationText } from './duration.ts';
import { slug, timestamp } from './shapes.ts';

export const MOST_TRIALS = 1_000;
const MOST_CHOICES = 200;
const MOST_AXES = 50;

/** A value of a parameter, as JSON has it. */
export const sweepValue = z.union([z.string().max(2_000), z.number(), z.boolean(), z.null()]);
export type SweepValue = z.infer<typeof sweepValue>;

/** Numbers between two ends, both included. */
export const sweepRange = z
  .strictObject({
    type: z.enum(['int', 'float']),
    min: z.number(),
    max: z.number(),
    step: z.number().positive().optional().meta({ description: 'Only min, min + step, min + 2 step, …' }),
    log: z.boolean().default(false).meta({ description: 'Even by order of magnitude' }),
  })
  .superRefine(({ type, min, max, step, log }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (min >= max) refuse('max', 'must be greater than min');
    if (log && min <= 0) refuse('min', 'must be greater than 0 on a log scale');
    if (log && step !== undefined) refuse('step', 'a log scale has no step; list the values instead');
    if (type === 'float') return;
    for (const [name, value] of Object.entries({ min, max, step })) {
      if (value !== undefined && !Number.isSafeInteger(value))
        refuse(name, 'must be a whole number, as the type is int');
    }
  });
export type SweepRange = z.infer<typeof sweepRange>;

/** What a parameter may be: one of a list, or a number of a range. */
export const sweepAxis = z.union([z.array(sweepValue).min(1).max(MOST_CHOICES), sweepRange]);
export type SweepAxis = z.infer<typeof sweepAxis>;

/** By parameter, `key` of params.yaml or `file:key`, the key dotted. */
export const sweepSpace = z
  .record(z.string().min(1).max(512), sweepAxis)
  .refine((space) => Object.keys(space).length > 0, 'name at least one parameter')
  .refine((space) => Object.keys(space).length <= MOST_AXES, `name at most ${MOST_AXES} parameters`);
export type SweepSpace = z.infer<typeof sweepSpace>;

export const sweepMethod = z.enum(['grid', 'random', 'bayesian']);
export type SweepMethod = z.infer<typeof sweepMethod>;

export const sweepGoal = z.enum(['minimise', 'maximise']);
export type SweepGoal = z.infer<typeof sweepGoal>;

export const sweepMetric = z.strictObject({ name: z.string().min(1).max(250), goal: sweepGoal.default('minimise') });
export type SweepMetric = z.infer<typeof sweepMetric>;

/** The median rule: a trial that is worse than the median of the others at the same step is ended. */
export const earlyStopping = z.strictObject({
  warmUpSteps: z.int().min(0).max(1e9).default(5).meta({ description: 'Steps before which none is ended' }),
  minTrials: z.int().min(1).max(MOST_TRIALS).default(3).meta({ description: 'So many others must have come as far' }),
});
export type EarlyStopping = z.infer<typeof earlyStopping>;

/** What a sweep is asked to do: the body of the call, and what `sweep.yaml` holds beside the project. */
export const sweepRequest = z.strictObject({
  method: sweepMethod.default('random'),
  params: sweepSpace,
  metric: sweepMetric.optional().meta({ description: 'Default: the metric of the model in capstan.yaml, minimised' }),
  maxTrials: z.int().min(1).max(MOST_TRIALS).optional().meta({ description: 'Default: 20; of a grid, all of it' }),
  parallel: z.int().min(1).max(64).default(1).meta({ description: 'Trials at once' }),
  earlyStopping: earlyStopping.optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  timeLimitMs: z
    .int()
    .min(1_000)
    .max(365 * 86_400_000)
    .optional(),
  maxFailedShare: z.number().min(0).max(1).default(0.5).meta({ description: 'The sweep ends when more of them fail' }),
  stageTimeoutMs: z
    .int()
    .min(1_000)
    .max(30 * 86_400_000)
    .optional(),
});
export type SweepRequest = z.infer<typeof sweepRequest>;

/** What `sweep.yaml` may hold: a request in the words of `capstan.yaml`. */
export const sweepYaml = z.strictObject({
  project: slug.optional(),
  method: sweepMethod.optional(),
  params: sweepSpace.optional(),
  metric: sweepMetric.optional(),
  max_trials: sweepRequest.shape.maxTrials,
  parallel: sweepRequest.shape.parallel.unwrap().optional(),
  early_stopping: z
    .strictObject({
      warm_up_steps: earlyStopping.shape.warmUpSteps,
      min_trials: earlyStopping.shape.minTrials,
    })
    .optional(),
  seed: sweepRequest.shape.seed.unwrap().optional(),
  time_limit: durationText.optional(),
  max_failed_share: sweepRequest.shape.maxFailedShare.unwrap().optional(),
  stage_timeout: durationText.optional(),
});

export const sweepState = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type SweepState = z.infer<typeof sweepState>;

/** `stopped`: ended early by the median rule. */
export const trialState = z.enum(['waiting', 'running', 'succeeded', 'failed', 'stopped', 'cancelled']);
export type TrialState = z.infer<typeof trialState>;

export const trial = z.strictObject({
  /** 1, 2, … by sweep. */
  number: z.int(),
  state: trialState,
  params: z.record(z.string(), sweepValue),
  /** The metric at the end; of a stopped trial, as far as it came. */
  value: z.number().nullable(),
  /** Step of the metric's last value; null where there is none. */
  step: z.int().nullable(),
  reason: z.string().nullable(),
  pipelineRun: z.string().nullable(),
  /** The experiment run that the value is from. */
  runId: z.string().nullable(),
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type Trial = z.infer<typeof trial>;

export const sweepSummary = z.strictObject({
  id: z.string(),
  project: z.string(),
  /** 1, 2, … by project. */
  number: z.int(),
  state: sweepState,
  /** Why it ended, or what it is busy with. */
  reason: z.string().nullable(),
  method: sweepMethod,
  metric: sweepMetric.required(),
  maxTrials: z.int(),
  /** How many there are of each state. */
  trials: z.record(trialState, z.int()),
  best: trial.nullable(),
  actor: z.string(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
});
export type SweepSummary = z.infer<typeof sweepSummary>;

/** How closely a parameter and the metric go together over the trials that have a value. */
export const paramImportance = z.strictObject({
  param: z.string(),
  /** Spearman's rank correlation; for words, the share of the ranks' variance between them (eta squared, without sign). */
  value: z.number(),
  kind: z.enum(['rank-correlation', 'share-of-variance']),
  n: z.int(),
});
export type ParamImportance = z.infer<typeof paramImportance>;

export const sweep = sweepSummary.extend({
  params: z.record(z.string(), sweepAxis),
  parallel: z.int(),
  earlyStopping: earlyStopping.required().nullable(),
  seed: z.int(),
  timeLimitMs: z.int().nullable(),
  maxFailedShare: z.number(),
  importance: z.array(paramImportance),
  items: z.array(trial),
});
export type Sweep = z.infer<typeof sweep>;
