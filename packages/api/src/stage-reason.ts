import { z } from 'zod';

/** Why a stage ran, or did not. */
export const stageReason = z.strictObject({
  kind: z.enum([
    'first-run',
    'always',
    'command',
    'input',
    'param',
    'output',
    'environment',
    'lost-output',
    'lost-model',
    'interrupted',
    'frozen',
    'forced',
    'same',
    // Of a checkout alone.
    'upstream',
    'unknown',
  ]),
  /** The path, `file:key`, or attempt it is about. */
  subject: z.string().optional(),
  before: z.string().optional(),
  after: z.string().optional(),
  /** The same as a sentence. */
  text: z.string(),
});
export type StageReason = z.infer<typeof stageReason>;
