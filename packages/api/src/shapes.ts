import { z } from 'zod';

/** No parameters, no query or no body. Unknown members are refused. */
export const nothing = z.strictObject({});

/** Names people give: projects, datasets, deployments. */
export const slug = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, 'use lower-case letters, digits and inner dashes, at most 64');

/** Names of deployments: as models are called in MLflow, but for characters that an address would have to escape. */
export const deploymentName = z
  .string()
  .regex(/^[A-Za-z0-9]([\w.-]{0,126}[A-Za-z0-9])?$/, 'use letters, digits and inner . _ - only, at most 128');

/** Milliseconds since 1970-01-01T00:00Z. */
export const timestamp = z.int().meta({ description: 'Milliseconds since 1970-01-01T00:00Z' });

export const cursor = z.string().max(512);

/** Query of every list: newest first unless said otherwise. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: cursor.optional(),
});

/** A page of a list; `nextCursor` is absent on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextCursor: cursor.optional() });
}

/** A filter of MLflow's search language, with OR, NOT, brackets, IN and BETWEEN. */
export const filterText = z.string().max(8_192);

/** How many there are, without the rows. */
export const counted = z.strictObject({ count: z.int() });

/** RFC 9457 problem details, as every native error is rendered. */
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  field: z.string().optional(),
  hint: z.string().optional(),
  requestId: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export type Problem = z.infer<typeof problem>;
