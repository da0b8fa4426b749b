import { jobKinds, type JobHandlers } from '#jobs';
import type { ReportedRuns } from './reported/report-run.ts';
import type { Pipelines } from './service.ts';

export function pipelineJobs(
  pipelines: Pipelines,
  reportedRuns: ReportedRuns,
): Pick<JobHandlers, 'pipelines.run' | 'pipelines.track' | 'pipelines.link'> {
  return {
    'pipelines.run': ({ pipelineRun }, context) =>
      pipelines.work(pipelineRun, { ...context, isLastTry: context.attempt >= jobKinds['pipelines.run'].maxAttempts }),
    'pipelines.link': ({ pipelineRun }) => reportedRuns.link(pipelineRun),
    'pipelines.track': ({ attempt }, { cause }) => reportedRuns.track(attempt, cause),
  };
}
