import type { IncomingHttpHeaders } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import { DomainError } from '#kernel/errors';

export interface BodyLimits {
  readonly bytes: number;
  /** Longest pause between two pieces. */
  readonly idleMs: number;
}

/**
 * The stream, cut off with TOO_LARGE past the limit; refused at once when the announced length is past it. A sender that
 * pauses for too long fails the reader.
 * @throws DomainError TOO_LARGE
 */
export function limited(stream: Readable, headers: IncomingHttpHeaders, limits: BodyLimits): Readable {
  refuseAnnounced(headers, limits.bytes);
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      pause.refresh();
      done(seen > limits.bytes ? tooLarge(limits.bytes) : null, chunk);
    },
  });
  const pause = setTimeout(() => {
    // A reader that is slow is not the sender's fault.
    if (counter.readableLength > 0) pause.refresh();
    else counter.destroy(tooSlow());
  }, limits.idleMs).unref();
  for (const end of ['finish', 'close']) counter.once(end, () => clearTimeout(pause));
  // Where a request is refused before its body is read, nobody hears how the body ended.
  counter.on('error', () => {});
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

export function tooSlow(): DomainError {
  return new DomainError('INVALID_ARGUMENT', 'The body did not come in time', { field: 'body' });
}
