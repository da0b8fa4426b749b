import type { JobHandlers } from '#jobs';
import type { Predictions } from './service.ts';

export function predictionJobs(
  predictions: Predictions,
): Pick<
  JobHandlers,
  'deployments.recalibrate' | 'rollouts.judge' | 'predictions.compact' | 'predictions.expire' | 'predictions.features'
> {
  return {
    'deployments.recalibrate': ({ deployment }, { cause }) => predictions.recalibrate(deployment, cause),
    'rollouts.judge': ({ deployment }, { cause }) => predictions.judge(deployment, false, cause),
    'predictions.compact': ({ deployment }, { signal }) => predictions.compactLog(deployment, signal),
    'predictions.expire': ({ before }) => predictions.expireLog(before),
    'predictions.features': ({ segment }, { signal }) => predictions.writeFeatures(segment, signal),
  };
}
