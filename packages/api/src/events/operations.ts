import { cycleEvents } from './cycles.ts';
import { deploymentEvents } from './deployments.ts';
import { monitorEvents } from './monitors.ts';
import { webhookEvents } from './webhooks.ts';

/** Facts of deployments, predictions, monitors, cycles and webhooks. */
export const operationsEvents = { ...deploymentEvents, ...monitorEvents, ...cycleEvents, ...webhookEvents } as const;
