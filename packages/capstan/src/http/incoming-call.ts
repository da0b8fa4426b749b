import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { CallNotes } from './access-log.ts';
import type { Grant } from './authorize.ts';
import type { RawRequest, RequestContext } from './bind.ts';
import type { Call } from './call.ts';

const NO_GRANTS: ReadonlySet<Grant> = new Set();

/**
 * What a handler is told of a call. A class: an object with a getter of its own gets a shape of its own in V8, which lives
 * until the next full collection and keeps all alive that the getter reaches, here the whole request.
 */
export class IncomingCall implements RequestContext {
  readonly requestId: string;
  readonly cause: RequestContext['cause'];
  readonly principal: RequestContext['principal'];
  readonly #call: Call;
  #abort: AbortController | undefined;

  constructor(call: Call) {
    const { principal } = call;
    this.requestId = call.id;
    this.principal = principal;
    this.cause = { actor: principal?.actor ?? 'anonymous' };
    this.#call = call;
  }

  /** Most calls end before anyone asks whether the caller is still there: that is watched once it is asked. */
  get signal(): AbortSignal {
    this.#abort ??= watchCaller(this.#call.response);
    return this.#abort.signal;
  }

  /** The caller's header of W3C Trace Context. */
  get traceparent(): string | undefined {
    const given = this.#call.request.headers['traceparent'];
    return typeof given === 'string' ? given : undefined;
  }

  get startedAt(): number {
    return this.#call.startedAt;
  }

  note(notes: CallNotes): void {
    this.#call.notes = notes;
  }
}

/** What a call brings beside its head. */
interface Brought {
  readonly bytes: Buffer;
  openStream(): Readable;
}

/** A call whose handler reads and writes bytes. */
export class IncomingBytes extends IncomingCall implements RawRequest {
  readonly grants: RawRequest['grants'];
  readonly method: string;
  readonly params: RawRequest['params'];
  readonly headers: RawRequest['headers'];
  readonly bytes: Buffer;
  readonly #openStream: () => Readable;
  readonly #url: string | undefined;

  constructor(call: Call, { bytes, openStream }: Brought) {
    super(call);
    const { request, params } = call;
    this.grants = call.principal?.grants ?? NO_GRANTS;
    this.method = request.method ?? '';
    this.params = params;
    this.headers = request.headers;
    this.bytes = bytes;
    call.bytesIn = bytes.length;
    this.#openStream = openStream;
    this.#url = request.url;
  }

  get query(): URLSearchParams {
    return queryOf(this.#url);
  }

  get stream(): Readable {
    return this.#openStream();
  }
}

export function queryOf(url: string | undefined): URLSearchParams {
  const mark = url?.indexOf('?') ?? -1;
  return new URLSearchParams(mark < 0 ? '' : url?.slice(mark + 1));
}

function watchCaller(response: ServerResponse): AbortController {
  const abort = new AbortController();
  const hungUp = (): void => {
    if (!response.writableFinished) abort.abort(new Error('the caller hung up'));
  };
  if (response.closed) hungUp();
  else response.once('close', hungUp);
  return abort;
}
