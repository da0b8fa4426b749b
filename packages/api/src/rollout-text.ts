import { z } from 'zod';
import type { RolloutStage } from './rollout.ts';

const percent = z
  .string()
  .regex(/^(100|\d{1,2}(\.\d{1,3})?)%$/, 'write a share of the traffic as a percentage up to 100%, e.g. 5%')
  .transform((text) => Number(text.slice(0, -1)) / 100);

const step = z.union(
  [
    z.strictObject({ shadow: z.int().min(1).meta({ description: 'Labelled pairs of predictions to compare' }) }),
    z.strictObject({ canary: percent }),
    percent,
  ],
  { error: 'write {shadow: PREDICTIONS}, {canary: 5%} or a share such as 25%' },
);

/** The steps of a rollout as people write them: `[shadow: 2000, canary: 5%, 25%, 50%, 100%]`. */
export const rolloutText = z
  .array(step)
  .min(1, 'name at least the last step: 100%')
  .transform((steps, context): RolloutStage[] => {
    const stages = steps.map(toStage);
    const fault = orderFault(stages);
    if (fault) context.addIssue({ code: 'custom', path: [fault.index], message: fault.message });
    return stages;
  })
  .meta({ description: 'From the first look to all traffic, e.g. [shadow: 2000, canary: 5%, 25%, 50%, 100%]' });

function toStage(written: z.output<typeof step>): RolloutStage {
  if (typeof written === 'object' && 'shadow' in written) return { kind: 'shadow', minPairs: written.shadow };
  const share = typeof written === 'object' ? written.canary : written;
  return share === 1 ? { kind: 'full' } : { kind: 'canary', share };
}

/** A rollout looks first, then only grows, and ends with everything. */
function orderFault(stages: readonly RolloutStage[]): { index: number; message: string } | undefined {
  let share = 0;
  for (const [index, stage] of stages.entries()) {
    if (stage.kind === 'shadow') {
      if (index > 0) return { index, message: 'shadow can only be the first step' };
      continue;
    }
    const next = stage.kind === 'full' ? 1 : stage.share;
    if (next <= share) return { index, message: 'each share must be greater than the one before' };
    share = next;
  }
  return share === 1 ? undefined : { index: stages.length - 1, message: 'the last step must be 100%' };
}
