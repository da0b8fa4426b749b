import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LentBytes } from '#ports/blob-store';
import type { RawReply } from './bind.ts';
import { limitHeaders } from './limit-headers.ts';
import { toDomainError, type ErrorRenderer } from './problem.ts';

/** A refused body up to this is read to its end, which costs less than another connection. */
const SMALL_BODY_BYTES = 65_536;

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, renderer: ErrorRenderer): void {
  const domainError = toDomainError(error);
  // What was given up because the caller hung up has not failed.
  const isFailure = domainError.code === 'INTERNAL' && !reply.raw.closed;
  if (isFailure || domainError.code === 'DATA_LOSS') {
    request.log.error({ err: error, requestId: request.id, url: request.url }, 'request failed');
  }
  // The rest of a refused body is not read: the connection cannot carry another request.
  const isUnread = domainError.code === 'RESOURCE_EXHAUSTED' && !request.raw.complete && hasLargeBody(request);
  if (isUnread || domainError.code === 'TOO_LARGE') reply.header('connection', 'close');
  const answer = renderer(domainError, request.id);
  send(reply, { ...answer, headers: { ...answer.headers, ...limitHeaders(domainError) } });
}

function hasLargeBody({ headers }: FastifyRequest): boolean {
  return !(Number(headers['content-length']) <= SMALL_BODY_BYTES);
}

/** Fastify states the bytes of a text as the length; beside a stream it leaves the length that the handler states. */
export function withoutBody(answer: RawReply): RawReply {
  const statesLength = Object.keys(answer.headers ?? {}).some((name) => name.toLowerCase() === 'content-length');
  return statesLength ? { ...answer, body: Readable.from([]) } : answer;
}

export function isLent(body: RawReply['body']): body is LentBytes {
  return typeof body === 'object' && 'close' in body && !(body instanceof Readable);
}

export function send(reply: FastifyReply, answer: RawReply): FastifyReply {
  return reply
    .code(answer.status)
    .headers(answer.headers ?? {})
    .send(answer.body);
}
