import type { JobHandlers } from '#jobs';
import type { Experiments } from './service.ts';

export function experimentJobs(experiments: Experiments): Pick<JobHandlers, 'metrics.summarise'> {
  return { 'metrics.summarise': (series, { signal }) => experiments.summariseSeries(series, signal) };
}
