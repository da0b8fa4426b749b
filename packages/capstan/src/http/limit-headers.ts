import { QUOTA_PERIODS_MS, quota } from '@capstan/api';
import { z } from 'zod';
import type { DomainError } from '#kernel/errors';

/** What an error says of a quota. */
const limitDetails = z.object({ quota, left: z.number(), retryAfterMs: z.number() });
const CHALLENGE = 'Bearer realm="capstan"';

/**
 * What an error says in headers beside the shape that its protocol has: the scheme of a token that is missing (RFC 6750), and
 * of a quota how much of it is left and when to come again (draft-ietf-httpapi-ratelimit-headers-10).
 */
export function limitHeaders({ code, details }: DomainError): Record<string, string> {
  if (code === 'UNAUTHENTICATED') return { 'www-authenticate': CHALLENGE };
  const limit = details && limitDetails.safeParse(details);
  if (!limit?.success) return {};
  const { quota, left, retryAfterMs } = limit.data;
  const { amount, unit, per } = quota;
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return {
    'retry-after': seconds,
    'ratelimit-policy': `"${unit}";q=${amount};w=${QUOTA_PERIODS_MS[per] / 1_000}`,
    ratelimit: `"${unit}";r=${left};t=${seconds}`,
  };
}
