import { z } from 'zod';
import { debtDetector } from '../debt.ts';

const ofItem = { key: z.string(), detector: debtDetector, title: z.string() };

/** Facts of value, debt and lineage. Those of debt are about `debt-item:PROJECT/KEY`. */
export const ledgerEvents = {
  'debt-item.found': z.strictObject({ ...ofItem, reason: z.string() }),
  /** Rows and bytes that are gone; about `installation:trash`. */
  'trash.purged': z.strictObject({
    experiments: z.int(),
    runs: z.int(),
    loggedModels: z.int(),
    rows: z.int(),
    blobs: z.int(),
    bytes: z.int(),
  }),
  'debt-item.repaid': z.strictObject({ ...ofItem, reason: z.string() }),
} as const;
