import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { LentBytes } from '#ports/blob-store';
import type { RawReply } from './bind.ts';

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
