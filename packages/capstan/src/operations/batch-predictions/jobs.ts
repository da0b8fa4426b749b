import { jobKinds, type JobHandlers } from '#jobs';
import type { BatchPredictions } from './service.ts';

type Handlers = Pick<
  JobHandlers,
  'batch-predictions.run' | 'batch-predictions.run-elsewhere' | 'batch-predictions.expire'
>;

/** Handlers of this module's jobs. */
export function batchPredictionJobs(batches: BatchPredictions): Handlers {
  const run: Handlers['batch-predictions.run'] = ({ batchPrediction }, context) =>
    batches.work(batchPrediction, {
      ...context,
      isLastTry: context.attempt >= jobKinds['batch-predictions.run'].maxAttempts,
    });
  return {
    'batch-predictions.run': run,
    'batch-predictions.run-elsewhere': run,
    'batch-predictions.expire': ({ before }) => batches.expire(before),
  };
}
