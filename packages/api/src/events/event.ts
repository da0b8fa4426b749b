import { z } from 'zod';
import { timestamp } from '../shapes.ts';

/** A fact, as stored and as sent over the feed. `seq` has no gaps; `causationSeq` is the event that led to this one. */
export const event = z.strictObject({
  seq: z.int(),
  id: z.string(),
  type: z.string(),
  /** Name of the project it belongs to; absent for facts of the installation. */
  project: z.string().optional(),
  /** The object it is about, as `kind:id`, e.g. `model-version:late-arrival/7`. */
  subject: z.string(),
  /** Person, token or part of the system that did it. */
  actor: z.string(),
  at: timestamp,
  causationSeq: z.int().optional(),
  /** The turn of the cycle it belongs to. */
  cycle: z.string().optional(),
  payload: z.record(z.string(), z.unknown()),
  hash: z.string(),
});

export type EventRecord = z.infer<typeof event>;
