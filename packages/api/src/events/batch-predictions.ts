import { z } from 'zod';
import { batchPredictionState } from '../batch-prediction.ts';

const ofJob = { batchPrediction: z.string(), model: z.string(), version: z.int() };

/** Facts of batch predictions; each is about `batch-prediction:ID`. */
export const batchPredictionEvents = {
  'batch-prediction.started': z.strictObject({
    ...ofJob,
    deployment: z.string().optional(),
    revision: z.int().optional(),
    input: z.string(),
    executor: z.string().optional(),
    to: z.string().optional(),
  }),
  'batch-prediction.ended': z.strictObject({
    ...ofJob,
    outcome: batchPredictionState.extract(['succeeded', 'failed', 'cancelled']),
    reason: z.string().optional(),
    rows: z.int(),
    failedRows: z.int(),
    /** The dataset version that the result became. */
    output: z.string().optional(),
    digest: z.string().optional(),
  }),
} as const;
