import { cycleEvents } from './cycles.ts';
import { deploymentEvents } from './deployments.ts';

/** Facts of deployments, predictions, monitors and cycles. */
export const operationsEvents = { ...deploymentEvents, ...cycleEvents } as const;
