import { z } from 'zod';
import { deploymentName, slug, timestamp } from './shapes.ts';

/** Names that stand for callers who are no consumers, where both are listed. */
const RESERVED = ['undeclared', 'others', 'all'];

/** The name of a consumer. */
export const consumerName = slug.refine((name) => !RESERVED.includes(name), 'this name stands for callers without one');

/** Lengths of time of a quota, in milliseconds. */
export const QUOTA_PERIODS_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** How much may be asked: so many requests, or rows of them, in a length of time. */
export const quota = z.strictObject({
  amount: z.int().min(1).max(1_000_000_000),
  unit: z.enum(['requests', 'rows']),
  per: z.enum(['second', 'minute', 'hour', 'day']),
});
export type Quota = z.infer<typeof quota>;

const QUOTA = /^([1-9]\d{0,8}) (requests|rows) per (second|minute|hour|day)$/;

/** A quota as people write it: `1000 rows per minute`. */
export const quotaText = z
  .string()
  .regex(QUOTA, 'write a quota as e.g. 50 requests per second or 100000 rows per day (second, minute, hour or day)')
  .transform((text): Quota => {
    const [, amount, unit, per] = QUOTA.exec(text) ?? [];
    return { amount: Number(amount), unit: unit as Quota['unit'], per: per as Quota['per'] };
  });

/** Writes a quota as `quotaText` reads it. */
export function formatQuota({ amount, unit, per }: Quota): string {
  return `${amount} ${unit} per ${per}`;
}

/** Who may call a deployment: anybody, or declared consumers only, by their tokens. */
export const callersPolicy = z.enum(['open', 'declared']);
export type CallersPolicy = z.infer<typeof callersPolicy>;

/** A consumer as a data plane knows it: tokens are known by their SHA-256 alone. */
export const servedConsumer = z.strictObject({
  name: consumerName,
  /** What it may call; null for all. */
  deployments: z.array(deploymentName).nullable(),
  quota: quota.nullable(),
  tokens: z.array(
    z.strictObject({
      id: z.string(),
      /** 64 lower-case hex digits. */
      sha256: z.string().length(64),
      /** Not taken from then on. */
      expiresAt: timestamp.nullable(),
    }),
  ),
});
export type ServedConsumer = z.infer<typeof servedConsumer>;

/** Who may call what is served. */
export const servedAccess = z.strictObject({
  consumers: z.array(servedConsumer),
  /** Deployments that answer consumers only. */
  declaredOnly: z.array(deploymentName),
});
export type ServedAccess = z.infer<typeof servedAccess>;

/** What one caller has asked of one deployment in one hour, as a data plane counted it. */
export const callCount = z.strictObject({
  /** Empty where the call was refused for its token before it had said what it asks. */
  deployment: z.union([deploymentName, z.literal('')]),
  /** Begin of the hour, business time. */
  hour: timestamp,
  /** Null for a caller without a token. */
  consumer: consumerName.nullable(),
  /** The last token it showed. */
  token: z.string().max(64).nullable(),
  /** Of a caller whose token is not known: first hex digits of its SHA-256; empty for those past the most that are told apart. */
  unknownToken: z
    .string()
    .regex(/^([0-9a-f]{8})?$/)
    .optional(),
  /** Product that the user agent names, and the address that the call came from; empty for consumers, and for those past the most that are told apart. */
  agent: z.string().max(64),
  address: z.string().max(64),
  requests: z.int().min(0),
  /** Rows that were answered. */
  rows: z.int().min(0),
  /** Requests that were answered with an error of either side. */
  errors: z.int().min(0),
  /** Those that were refused: without a token where one is needed, not allowed, or over the quota. */
  refused: z.int().min(0),
  lastAt: timestamp,
});
export type CallCount = z.infer<typeof callCount>;
