import { cycleEvents } from './cycles.ts';
import { deploymentEvents } from './deployments.ts';
import { monitorEvents } from './monitors.ts';

/** Facts of deployments, predictions, monitors and cycles. */
export const operationsEvents = { ...deploymentEvents, ...monitorEvents, ...cycleEvents } as const;
