import { jobKinds, type JobHandlers } from '#jobs';
import type { Pipelines } from './service.ts';

export function pipelineJobs(pipelines: Pipelines): Pick<JobHandlers, 'pipelines.run'> {
  return {
    'pipelines.run': ({ pipelineRun }, context) =>
      pipelines.work(pipelineRun, { ...context, isLastTry: context.attempt >= jobKinds['pipelines.run'].maxAttempts }),
  };
}
