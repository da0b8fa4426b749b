import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** What a server answered. */
export interface Answer {
  readonly status: number;
  /** Undefined where the server does not tell. */
  readonly sizeBytes: number | undefined;
  /** A small body is here already. */
  readonly pieces: AsyncIterable<Buffer> | Buffer[];
}

/** A body of this size is waited for: what streams do around it takes longer than to send it. */
const HELD_BYTES = 1 << 20;

/** One call over one of the connections. @throws the signal's reason, or what undici says of the connection */
export function exchange(
  dispatcher: Dispatcher,
  call: Dispatcher.DispatchOptions,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const held: Buffer[] = [];
  let controller: Dispatcher.DispatchController | undefined;
  let stream: Readable | undefined;
  let head = { status: 0, sizeBytes: undefined as number | undefined };
  const stop = (): void => {
    controller?.abort(signal?.reason as Error);
    // One that waits for a connection has no controller.
    reject(signal?.reason as Error);
  };
  const ended = (): void => signal?.removeEventListener('abort', stop);
  signal?.addEventListener('abort', stop);
  dispatcher.dispatch(call, {
    onRequestStart(started) {
      controller = started;
      if (signal?.aborted) stop();
    },
    onResponseStart(_, status, headers) {
      const length = headers['content-length'];
      head = { status, sizeBytes: length === undefined ? undefined : Number(length) };
      if (call.method === 'HEAD' || (head.sizeBytes ?? Number.POSITIVE_INFINITY) <= HELD_BYTES) return;
      stream = new Readable({
        read: () => controller?.resume(),
        destroy(error, done) {
          controller?.abort(error ?? new Error('nobody reads on'));
          done(error);
        },
      });
      resolve({ ...head, pieces: stream });
    },
    onResponseData(_, piece) {
      if (!stream) held.push(piece);
      else if (!stream.push(piece)) controller?.pause();
    },
    onResponseEnd() {
      ended();
      if (stream) stream.push(null);
      else resolve({ ...head, pieces: held });
    },
    onResponseError(_, error) {
      ended();
      if (stream) stream.destroy(error);
      else reject(error);
    },
  });
  return promise;
}
