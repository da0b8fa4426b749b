import { Readable } from 'node:stream';
import type { RawReply } from './bind.ts';

export interface ServerSentEvent {
  /** Comes back as `Last-Event-ID` when the reader connects again. */
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

const KEEP_ALIVE_MS = 15_000;

/** Server-sent events (HTML Living Standard, section 9.2) from an iterable that ends when `signal` aborts. */
export function eventStream(source: AsyncIterable<ServerSentEvent>, signal: AbortSignal): RawReply {
  const body = new Readable({ read() {} });
  const keepAlive = setInterval(() => body.push(': still here\n\n'), KEEP_ALIVE_MS);
  signal.addEventListener('abort', () => body.push(null), { once: true });
  void (async () => {
    try {
      for await (const item of source) {
        body.push(`id: ${item.id}\nevent: ${item.event}\ndata: ${JSON.stringify(item.data)}\n\n`);
      }
      if (!signal.aborted) body.push(null);
    } catch (error) {
      body.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      clearInterval(keepAlive);
    }
  })();
  return { status: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }, body };
}
