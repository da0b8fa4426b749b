import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { Logger } from 'pino';
import type { Permission } from '@capstan/api';
import type { AccessFacts, BytesInHand, CallNotes, Principal } from '#http';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import {
  framed,
  MessageSplitter,
  statusText,
  timeoutMs,
  tooLarge,
  writePrefix,
  type FramedMessage,
} from './framing.ts';
import { STATUS, statusOf } from './status.ts';

/** What a method is told of a call beside its message. */
export interface CallContext {
  /** Time of `performance.now()` at which the caller waits no more. */
  readonly deadline: number | undefined;
  /** Aborted when the caller is gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** The caller's metadata of W3C Trace Context. */
  readonly traceparent: string | undefined;
  /** When the call came, by `performance.now()`. */
  readonly startedAt: number;
  /** Metadata of the call. */
  readonly headers: IncomingHttpHeaders;
  /** Whose call it is. */
  readonly principal: Principal | null;
  /** For the log of calls; what is noted later stands for what was before. */
  note(notes: CallNotes): void;
}

/** Messages are protobuf. Answers of `unary` begin with `PREFIX_BYTES` left for the prefix, which saves a copy. */
export type GrpcMethod = { readonly permission: Permission } & (
  | { readonly kind: 'unary'; handle(message: Buffer, context: CallContext): Buffer | Promise<Buffer> }
  /** One message in, any number out. */
  | { readonly kind: 'watch'; handle(message: Buffer, context: CallContext): AsyncIterable<Uint8Array> }
  /** An answer for each message, in their order. */
  | { readonly kind: 'conversation'; handle(message: Buffer): Uint8Array | Promise<Uint8Array> }
);

/** What all calls of a server share. */
export interface CallDeps {
  readonly log: Logger;
  readonly maxMessageBytes: number;
  readonly inHand: BytesInHand;
  /** Told once when a call is over. */
  onEnd(call: ServerCall, error: DomainError | undefined): void;
}

const HEADERS: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc' };
const REFUSAL: OutgoingHttpHeaders = { ...HEADERS, 'grpc-accept-encoding': 'identity,gzip,deflate' };
const OK: OutgoingHttpHeaders = { 'grpc-status': String(STATUS.OK) };
const decoders = { gzip: promisify(gunzip), deflate: promisify(inflate) };
const WITHIN_ANSWER = { waitForTrailers: true } as const;

const SENT_POLL_MS = 2;

/** A stream that is closed takes with it what has not gone out yet: its trailers go first, and with them the status. */
function closeWhenSent(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.closed) return;
  if (stream.state.localClose === 1) stream.close();
  else setTimeout(closeWhenSent, SENT_POLL_MS, stream);
}

/** One call on its HTTP/2 stream. Answers once, whatever comes together: an answer, a deadline, a caller that is gone. */
export class ServerCall implements CallContext {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #deps: CallDeps;
  readonly #splitter: MessageSplitter;
  #abort: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #trailers = OK;
  #isOver = false;
  #heldBytes = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #notes: CallNotes | null = null;
  /** Told to the caller where the call failed. */
  #requestId: string | null = null;
  readonly remoteAddress: string | undefined;
  deadline: number | undefined;
  /** Null while that has not been looked at. */
  principal: Principal | null = null;
  /** Time of `performance.now()`. */
  readonly startedAt = performance.now();
  /** The method's; undefined where it is none of ours. */
  readonly path: string | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, deps: CallDeps, path: string | undefined) {
    this.path = path;
    this.#stream = stream;
    this.remoteAddress = stream.session?.socket.remoteAddress;
    this.#headers = headers;
    this.#deps = deps;
    this.#splitter = new MessageSplitter(deps.maxMessageBytes);
    stream.on('error', () => {});
    // Closed by the caller, where nothing was answered.
    stream.on('close', () => {
      if (!this.#isOver) this.#end(new DomainError('UNAVAILABLE', 'The caller is gone'));
    });
  }

  get headers(): IncomingHttpHeaders {
    return this.#headers;
  }

  get traceparent(): string | undefined {
    const given = this.#headers['traceparent'];
    return typeof given === 'string' ? given : undefined;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  note(notes: CallNotes): void {
    this.#notes = notes;
  }

  /** What the log of calls tells of this one. `status`: the one that HTTP would have. */
  facts(status: number): AccessFacts {
    return {
      protocol: 'grpc',
      requestId: this.#requestId,
      method: 'POST',
      route: this.path ?? 'none',
      status,
      durationMs: performance.now() - this.startedAt,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      remoteAddress: this.remoteAddress,
      traceparent: this.#headers['traceparent'],
      consumer: this.principal?.consumer ?? null,
      notes: this.#notes,
    };
  }

  /** Runs the method. Never throws. */
  run(method: GrpcMethod): void {
    try {
      this.#startClock();
      if (method.kind === 'conversation') void this.#converse(method.handle);
      else this.#readOne((message) => this.#work(method, message));
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    const known = toDomainError(error);
    const id = randomUUID();
    this.#requestId = id;
    if (known.code === 'INTERNAL') this.#deps.log.error({ err: error, requestId: id }, 'call failed');
    const text = known.hint === undefined ? known.message : `${known.message}. ${known.hint}`;
    const status: OutgoingHttpHeaders = {
      'grpc-status': String(statusOf(known)),
      'grpc-message': statusText(text),
      'x-request-id': id,
      ...pushback(known),
    };
    this.#end(known);
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    if (stream.headersSent) {
      this.#trailers = status;
      stream.end();
      return;
    }
    stream.respond({ ...REFUSAL, ...status }, { endStream: true });
    // The rest of what the caller sends is of no use.
    if (!stream.readableEnded) stream.close();
  }

  #startClock(): void {
    const given = this.#headers['grpc-timeout'];
    if (given === undefined) return;
    const ms = timeoutMs(String(given));
    this.deadline = performance.now() + ms;
    const late = (): void =>
      this.fail(new DomainError('DEADLINE_EXCEEDED', `No answer within the ${ms} ms of the call`));
    // Timers hold 2^31 - 1 ms, which is 24 days.
    if (ms < 2 ** 31) this.#timer = setTimeout(late, ms);
  }

  /** Reads the one message of a call, and hands it on once the caller has said that there is no other. */
  #readOne(then: (message: Buffer) => Promise<void>): void {
    let only: FramedMessage | undefined;
    const stream = this.#stream;
    stream.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      try {
        for (const message of this.#push(chunk)) {
          if (only) throw invalid('The call carries more than one message');
          only = message;
        }
      } catch (error) {
        this.fail(error);
      }
    });
    stream.on('end', () => {
      if (this.#isOver) return;
      if (!only || this.#splitter.restBytes > 0) this.fail(invalid('The message of the call is cut off or missing'));
      else if (!only.isCompressed) void then(only.bytes);
      else void this.#unpacked(only.bytes).then(then, (error: unknown) => this.fail(error));
    });
  }

  async #work(method: GrpcMethod & { kind: 'unary' | 'watch' }, message: Buffer): Promise<void> {
    try {
      if (method.kind === 'unary') this.#answer(await method.handle(message, this));
      else await this.#tell(method.handle(message, this));
    } catch (error) {
      this.fail(error);
    }
  }

  #answer(message: Buffer): void {
    const stream = this.#stream;
    if (this.#isOver || stream.destroyed || stream.closed) return;
    this.#bytesOut = message.length;
    this.#end(undefined);
    writePrefix(message);
    this.#begin();
    stream.end(message);
  }

  #begin(): void {
    const stream = this.#stream;
    stream.respond(HEADERS, WITHIN_ANSWER);
    stream.once('wantTrailers', () => {
      stream.sendTrailers(this.#trailers);
      if (!stream.readableEnded) closeWhenSent(stream);
    });
  }

  async #tell(messages: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const message of messages) {
      if (this.#isOver) return;
      if (!this.#stream.headersSent) this.#begin();
      this.#write(message);
    }
    this.#finish();
  }

  async #converse(handle: (message: Buffer) => Uint8Array | Promise<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        for (const { isCompressed, bytes } of this.#push(chunk)) {
          const answer = await handle(isCompressed ? await this.#unpacked(bytes) : bytes);
          if (this.#isOver) return;
          if (!this.#stream.headersSent) this.#begin();
          this.#write(answer);
        }
        this.#release();
      }
      if (this.#splitter.restBytes > 0) throw invalid('The last message of the call is cut off');
      this.#finish();
    } catch (error) {
      this.fail(error);
    }
  }

  #write(message: Uint8Array): void {
    const bytes = framed(message);
    this.#bytesOut += bytes.length;
    this.#stream.write(bytes);
  }

  #finish(): void {
    if (this.#isOver) return;
    if (!this.#stream.headersSent) this.#begin();
    this.#end(undefined);
    this.#stream.end();
  }

  /** @throws DomainError RESOURCE_EXHAUSTED when all calls together hold too much */
  #push(chunk: Buffer): FramedMessage[] {
    this.#deps.inHand.take(this.#heldBytes, chunk.length);
    this.#heldBytes += chunk.length;
    this.#bytesIn += chunk.length;
    return this.#splitter.push(chunk);
  }

  async #unpacked(bytes: Buffer): Promise<Buffer> {
    const encoding = String(this.#headers['grpc-encoding'] ?? 'identity');
    if (encoding === 'identity') {
      throw new DomainError('INTERNAL', 'The message is marked as compressed, and grpc-encoding does not say how');
    }
    if (encoding !== 'gzip' && encoding !== 'deflate') {
      throw new DomainError(
        'NOT_IMPLEMENTED',
        `grpc-encoding '${encoding.slice(0, 20)}' is not taken; gzip and deflate are`,
      );
    }
    const { maxMessageBytes } = this.#deps;
    try {
      return await decoders[encoding](bytes, { maxOutputLength: maxMessageBytes });
    } catch (cause) {
      if (cause instanceof RangeError) throw tooLarge(undefined, maxMessageBytes);
      throw invalid(`The message is not ${encoding}: ${messageOf(cause)}`, { cause });
    }
  }

  #end(error: DomainError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#release();
    if (error) this.#abort?.abort();
    this.#deps.onEnd(this, error);
  }

  #release(): void {
    this.#deps.inHand.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

/** After how many milliseconds a client may try again, as those of gRPC read it (gRFC A6). */
function pushback({ details }: DomainError): OutgoingHttpHeaders {
  const retryAfterMs = details?.['retryAfterMs'];
  return typeof retryAfterMs === 'number' ? { 'grpc-retry-pushback-ms': String(retryAfterMs) } : {};
}

function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('INTERNAL', 'Capstan failed to answer this call', {
    hint: 'The server log has the cause under its x-request-id.',
    cause: error,
  });
}
