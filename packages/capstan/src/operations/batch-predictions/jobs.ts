import { jobKinds, type JobHandlers } from '#jobs';
import type { BatchPredictions } from './service.ts';

/** Handlers of this module's jobs. */
export function batchPredictionJobs(
  batches: BatchPredictions,
): Pick<JobHandlers, 'batch-predictions.run' | 'batch-predictions.expire'> {
  return {
    'batch-predictions.run': ({ batchPrediction }, context) =>
      batches.work(batchPrediction, {
        ...context,
        isLastTry: context.attempt >= jobKinds['batch-predictions.run'].maxAttempts,
      }),
    'batch-predictions.expire': ({ before }) => batches.expire(before),
  };
}
