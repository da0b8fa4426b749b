import { z } from 'zod';

/** Facts of imports from other trackers; each is about `import:SOURCE`. */
export const importEvents = {
  'import.started': z.strictObject({ source: z.string(), kind: z.string() }),
  /** One batch: what it brought that was not here before, and what it brought up to date. */
  'import.recorded': z.strictObject({
    source: z.string(),
    kind: z.enum([
      'experiment',
      'run',
      'logged-model',
      'registered-model',
      'trace',
      'evaluation-dataset',
      'evaluation-record',
      'scorer',
    ]),
    added: z.int(),
    changed: z.int(),
    points: z.int(),
  }),
  'import.files-stored': z.strictObject({ owner: z.string(), files: z.int() }),
  'import.ended': z.strictObject({ source: z.string(), counts: z.record(z.string(), z.int()), refused: z.int() }),
} as const;
