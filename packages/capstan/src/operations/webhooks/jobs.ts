import type { JobHandlers } from '#jobs';
import type { Webhooks } from './service.ts';

export function webhookJobs(webhooks: Webhooks): Pick<JobHandlers, 'webhooks.fan-out' | 'webhooks.deliver'> {
  return {
    'webhooks.fan-out': ({ eventSeq }) => webhooks.fanOut(eventSeq),
    'webhooks.deliver': ({ delivery }, context) => webhooks.deliver(delivery, context),
  };
}
