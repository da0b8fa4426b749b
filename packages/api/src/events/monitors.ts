import { z } from 'zod';
import { alertKind, monitorVerdict } from '../monitor.ts';

const ofMonitor = { monitor: z.string(), deployment: z.string() };
const ofWindow = { from: z.int(), before: z.int() };

/** Facts of monitors; each is about `monitor:PROJECT/NAME`. */
export const monitorEvents = {
  'monitor-window.judged': z.strictObject({
    ...ofMonitor,
    ...ofWindow,
    verdict: monitorVerdict,
    reason: z.string(),
    n: z.int(),
  }),
  /** The monitor went from well, or from another revision, to alarm. It stands until it is resolved. */
  'monitor-alert.raised': z.strictObject({
    ...ofMonitor,
    ...ofWindow,
    alert: z.string(),
    kind: alertKind,
    reason: z.string(),
  }),
  'monitor-alert.resolved': z.strictObject({
    ...ofMonitor,
    alert: z.string(),
    kind: alertKind,
    reason: z.string(),
  }),
} as const;
