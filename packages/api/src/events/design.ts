import { z } from 'zod';

/** Facts of projects and their charters. */
export const designEvents = {
  /** A `capstan.yaml` that differs from the one before took effect. `changed` names the keys, at most 200 of them. */
  'project.applied': z.strictObject({
    revision: z.int(),
    digest: z.string(),
    changed: z.array(z.string()),
  }),
} as const;
