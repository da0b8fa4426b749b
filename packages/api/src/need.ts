import { z } from 'zod';

export const needKind = z.enum([
  'breaker-open',
  'replica-differs',
  'revision-fails',
  'no-replica',
  'rollout-held',
  'data-quarantined',
  'pipeline-failed',
  'approval',
  'alert',
]);
export type NeedKind = z.infer<typeof needKind>;

/** Something that a person should see to. */
export const need = z.strictObject({
  kind: needKind,
  gravity: z
    .enum(['danger', 'attention'])
    .meta({ description: '`danger`: answers are wrong, missing or a stand-in’s' }),
  /** Null for a deployment that no project declares. */
  project: z.string().nullable(),
  text: z.string(),
  /** What it is about, as facts name it: `replica:…`, `deployment:…`. */
  subjects: z.array(z.string()),
  /** The page of the interface where it is seen, below the server's address. */
  page: z.string(),
});
export type Need = z.infer<typeof need>;
