import { z } from 'zod';
import { sweepMethod, sweepMetric, sweepState, sweepValue, trialState } from '../sweep.ts';

const ofSweep = { sweep: z.string(), number: z.int() };

/** Facts of sweeps; each is about `sweep:ID`. */
export const sweepEvents = {
  'sweep.started': z.strictObject({
    ...ofSweep,
    method: sweepMethod,
    metric: sweepMetric,
    maxTrials: z.int(),
    params: z.array(z.string()),
  }),
  'sweep.trial-started': z.strictObject({
    ...ofSweep,
    trial: z.int(),
    params: z.record(z.string(), sweepValue),
    pipelineRun: z.string(),
  }),
  'sweep.trial-ended': z.strictObject({
    ...ofSweep,
    trial: z.int(),
    outcome: trialState.extract(['succeeded', 'failed', 'stopped', 'cancelled']),
    value: z.number().optional(),
    reason: z.string().optional(),
  }),
  'sweep.ended': z.strictObject({
    ...ofSweep,
    outcome: sweepState.extract(['succeeded', 'failed', 'cancelled']),
    reason: z.string().optional(),
    trials: z.int(),
    /** Number of the best trial, and its value. */
    best: z.strictObject({ trial: z.int(), value: z.number() }).optional(),
  }),
} as const;
