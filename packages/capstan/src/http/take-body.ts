import type { IncomingMessage } from 'node:http';
import type { AnyRoute } from '@capstan/api';
import type { BytesInHand } from './bytes-in-hand.ts';
import { readBody } from './read-body.ts';

/** Of all bodies of a server. */
export interface BodyLimits {
  /** Longest pause between two pieces. */
  readonly idleMs: number;
  readonly inHand: BytesInHand;
}

export const EMPTY = Buffer.alloc(0);

/** Reads the whole body, which counts as held until the work with it is done. @throws DomainError as readBody does */
export async function withBody<Result>(
  request: IncomingMessage,
  { bodyLimitBytes }: Pick<AnyRoute, 'bodyLimitBytes'>,
  limits: BodyLimits,
  work: (bytes: Buffer) => Promise<Result>,
): Promise<Result> {
  if (bodyLimitBytes === 0) return await work(EMPTY);
  const bytes = await readBody(request, request.headers, { ...limits, bytes: bodyLimitBytes });
  try {
    return await work(bytes);
  } finally {
    limits.inHand.giveBack(bytes.length);
  }
}
