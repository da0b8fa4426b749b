import { consumerEvents } from './consumers.ts';
import { batchPredictionEvents } from './batch-predictions.ts';
import { cycleEvents } from './cycles.ts';
import { deploymentEvents } from './deployments.ts';
import { monitorEvents } from './monitors.ts';
import { webhookEvents } from './webhooks.ts';

/** Facts of deployments, consumers, predictions, batch predictions, monitors, cycles and webhooks. */
export const operationsEvents = {
  ...deploymentEvents,
  ...consumerEvents,
  ...batchPredictionEvents,
  ...monitorEvents,
  ...cycleEvents,
  ...webhookEvents,
} as const;
