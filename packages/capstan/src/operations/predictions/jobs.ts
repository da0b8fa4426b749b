import type { JobHandlers } from '#jobs';
import type { Predictions } from './service.ts';

export function predictionJobs(predictions: Predictions): Pick<JobHandlers, 'rollouts.judge' | 'predictions.features'> {
  return {
    'rollouts.judge': ({ deployment }, { cause }) => predictions.judge(deployment, false, cause),
    'predictions.features': ({ segment }, { signal }) => predictions.writeFeatures(segment, signal),
  };
}
