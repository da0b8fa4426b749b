import { z } from 'zod';
import { cycleOutcome, cycleTrigger, policyCheck } from '../cycle.ts';

const ofCycle = { cycle: z.string(), number: z.int() };

/** Facts of turns of the cycle; each is about `cycle:ID`, refusals to start about `project:NAME`. */
export const cycleEvents = {
  'cycle.started': z.strictObject({ ...ofCycle, trigger: cycleTrigger, checks: z.array(policyCheck) }),
  /** The policy held a trigger back. */
  'cycle.not-started': z.strictObject({ trigger: cycleTrigger, reason: z.string(), checks: z.array(policyCheck) }),
  'cycle.step-entered': z.strictObject({
    ...ofCycle,
    step: z.enum(['data', 'training', 'gates', 'rollout']),
    reason: z.string(),
  }),
  'cycle.ended': z.strictObject({
    ...ofCycle,
    outcome: cycleOutcome,
    reason: z.string(),
    model: z.string().optional(),
    version: z.int().optional(),
    pipelineRun: z.string().optional(),
    verdict: z.string().optional(),
    rollout: z.string().optional(),
  }),
} as const;
