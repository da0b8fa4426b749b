import { z } from 'zod';

/** Facts of traces: one a call, never one a span. */
export const traceEvents = {
  /** About `experiment:ID`: that many traces are new or have changed. */
  'traces.logged': z.strictObject({ traces: z.int(), spans: z.int() }),
  'traces.deleted': z.strictObject({ traces: z.int() }),
  /** About `run:ID`. */
  'traces.linked': z.strictObject({ traces: z.int() }),
  /** About `trace:ID`, as those below. */
  'trace.prompts-linked': z.strictObject({ prompts: z.array(z.string()) }),
  'trace.tagged': z.strictObject({ key: z.string() }),
  'trace.tag-removed': z.strictObject({ key: z.string() }),
  'trace.assessed': z.strictObject({
    assessment: z.string(),
    kind: z.enum(['feedback', 'expectation', 'issue']),
    name: z.string(),
    change: z.enum(['created', 'updated', 'deleted']),
  }),
  'trace.artifact-stored': z.strictObject({ path: z.string() }),
  'trace.artifact-removed': z.strictObject({ path: z.string() }),
} as const;
