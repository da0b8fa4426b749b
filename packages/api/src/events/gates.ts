import { z } from 'zod';
import { verdictCheck, verdictStatus } from '../verdict.ts';

const ofVersion = { model: z.string(), version: z.int() };

/** Facts of gates; each is about `model-version:MODEL/VERSION`. */
export const gateEvents = {
  'verdict.given': z.strictObject({
    ...ofVersion,
    verdict: z.string(),
    status: verdictStatus,
    champion: z.int().optional(),
    evaluation: z.string(),
    rows: z.int(),
    baselineProbability: z.number().optional(),
    checks: z.array(verdictCheck),
  }),
  /** A person answers for a version. Verdicts given from now on know of it. */
  'model-version.approved': z.strictObject({ ...ofVersion, role: z.string(), reason: z.string() }),
} as const;
