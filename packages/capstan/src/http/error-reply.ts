import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { HeldReply } from './bind.ts';
import type { Call } from './call.ts';
import { limitHeaders } from './limit-headers.ts';
import { toDomainError, type ErrorRenderer } from './problem.ts';

/** A refused body up to this is read to its end, which costs less than another connection. */
const SMALL_BODY_BYTES = 65_536;

/** The answer to a call that has failed, in the shape of its protocol; what is nobody's fault but ours is logged. */
export function errorReply(
  error: unknown,
  { id, request, response }: Pick<Call, 'id' | 'request' | 'response'>,
  { renderer, log }: { readonly renderer: ErrorRenderer; readonly log: Pick<Logger, 'error'> },
): HeldReply {
  const domainError = toDomainError(error);
  // What was given up because the caller hung up has not failed.
  const isFailure = domainError.code === 'INTERNAL' && !response.closed;
  if (isFailure || domainError.code === 'DATA_LOSS') {
    log.error({ err: error, requestId: id, url: request.url }, 'request failed');
  }
  // The rest of a refused body is not read: the connection cannot carry another request.
  const isUnread = domainError.code === 'RESOURCE_EXHAUSTED' && !request.complete && hasLargeBody(request);
  const isLast = isUnread || domainError.code === 'TOO_LARGE';
  const answer = renderer(domainError, id);
  return {
    ...answer,
    headers: { ...answer.headers, ...limitHeaders(domainError), ...(isLast && { connection: 'close' }) },
  };
}

function hasLargeBody({ headers }: IncomingMessage): boolean {
  return !(Number(headers['content-length']) <= SMALL_BODY_BYTES);
}
