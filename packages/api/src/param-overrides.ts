import { z } from 'zod';

/** Values for a run, by parameters file and dotted key. */
export const paramOverrides = z.record(z.string().min(1).max(512), z.record(z.string().min(1).max(512), z.unknown()));
export type ParamOverrides = z.infer<typeof paramOverrides>;
