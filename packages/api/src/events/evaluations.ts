import { z } from 'zod';

/** Facts of evaluation datasets and scorers. */
export const evaluationEvents = {
  /** About `evaluation-dataset:ID`, as all that begin so. */
  'evaluation-dataset.created': z.strictObject({ name: z.string(), experiments: z.array(z.string()) }),
  'evaluation-dataset.tagged': z.strictObject({ keys: z.array(z.string()) }),
  'evaluation-dataset.records-merged': z.strictObject({ inserted: z.int(), updated: z.int() }),
  'evaluation-dataset.records-deleted': z.strictObject({ deleted: z.int() }),
  'evaluation-dataset.linked': z.strictObject({ experiments: z.array(z.string()) }),
  'evaluation-dataset.unlinked': z.strictObject({ experiments: z.array(z.string()) }),
  'evaluation-dataset.deleted': z.strictObject({ name: z.string(), records: z.int() }),
  /** About `scorer:ID`. */
  'scorer.registered': z.strictObject({ experiment: z.string(), name: z.string(), version: z.int() }),
  /** `versions` are those that are gone. */
  'scorer.deleted': z.strictObject({ experiment: z.string(), name: z.string(), versions: z.array(z.int()) }),
} as const;
