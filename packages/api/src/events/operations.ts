import { consumerEvents } from './consumers.ts';
import { cycleEvents } from './cycles.ts';
import { deploymentEvents } from './deployments.ts';
import { monitorEvents } from './monitors.ts';
import { webhookEvents } from './webhooks.ts';

/** Facts of deployments, consumers, predictions, monitors, cycles and webhooks. */
export const operationsEvents = {
  ...deploymentEvents,
  ...consumerEvents,
  ...monitorEvents,
  ...cycleEvents,
  ...webhookEvents,
} as const;
