import type { JobHandlers } from '#jobs';
import type { Debt } from './service.ts';

export function debtJobs(debt: Debt): Pick<JobHandlers, 'debt.measure'> {
  return { 'debt.measure': async ({ project }, { cause }) => void (await debt.measure(project, cause)) };
}
