import type { IncomingHttpHeaders } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { DomainError } from '#kernel/errors';

/**
 * The stream, cut off with TOO_LARGE past the limit; refused at once when the announced length is past it.
 * @throws DomainError TOO_LARGE
 */
export function limited(stream: Readable, headers: IncomingHttpHeaders, limitBytes: number): Readable {
  refuseAnnounced(headers, limitBytes);
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > limitBytes ? tooLarge(limitBytes) : null, chunk);
    },
  });
  // A caller that hangs up in the middle of a body must fail the reader, not end it early.
  stream.once('error', (error) => counter.destroy(error));
  stream.once('aborted', () => counter.destroy(new Error('the caller hung up in the middle of the body')));
  return stream.pipe(counter);
}

/** Before a byte of it is read. @throws DomainError TOO_LARGE when the announced length is past the limit */
export function refuseAnnounced(headers: IncomingHttpHeaders, limitBytes: number): void {
  if (Number(headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
}

export function tooLarge(limitBytes: number): DomainError {
  return new DomainError('TOO_LARGE', `The body is larger than this route takes (${limitBytes} bytes)`, {
    field: 'body',
  });
}
