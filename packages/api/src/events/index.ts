import type { z } from 'zod';
import { dataEvents } from './data.ts';
import { designEvents } from './design.ts';
import { installationEvents } from './installation.ts';
import { ledgerEvents } from './ledger.ts';
import { modelEvents } from './model.ts';
import { operationsEvents } from './operations.ts';

/**
 * Every type of fact with the schema of its payload. Additive change only: stored facts are never rewritten.
 * Named `object.what-happened`, in the past tense.
 */
export const eventPayloads = {
  ...installationEvents,
  ...designEvents,
  ...dataEvents,
  ...modelEvents,
  ...operationsEvents,
  ...ledgerEvents,
} as const;

export type EventType = keyof typeof eventPayloads;
export type EventPayload<T extends EventType> = z.output<(typeof eventPayloads)[T]>;
