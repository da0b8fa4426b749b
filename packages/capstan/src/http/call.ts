import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessFacts, CallNotes } from './access-log.ts';
import type { Principal } from './authorize.ts';

/** One call over HTTP, from its head to the log of calls. */
export class Call {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Template of its route; null where there is none. */
  readonly route: string | null;
  /** By `performance.now()`. */
  readonly startedAt = performance.now();
  /** Of its path, as its route names them. */
  params: Readonly<Record<string, string>> = {};
  /** Null while nobody has looked, and for nobody. */
  principal: Principal | null = null;
  /** What its handler noted. */
  notes: CallNotes | null = null;
  /** Of a body that was read as a whole. */
  bytesIn: number | null = null;

  constructor(id: string, request: IncomingMessage, response: ServerResponse, route: string | null) {
    this.id = id;
    this.request = request;
    this.response = response;
    this.route = route;
  }
}

/** What a log of calls tells of one that is over. `bytesOut`: as its answer's head says it. */
export function accessFacts(call: Call, bytesOut: number | string | string[] | undefined): AccessFacts {
  const { request, response, principal } = call;
  const { headers } = request;
  return {
    protocol: 'rest',
    requestId: call.id,
    method: request.method ?? '',
    route: call.route ?? 'none',
    status: response.statusCode,
    durationMs: performance.now() - call.startedAt,
    bytesIn: call.bytesIn ?? bytesSaid(headers['content-length']),
    bytesOut: bytesSaid(bytesOut),
    remoteAddress: request.socket.remoteAddress,
    traceparent: headers['traceparent'],
    consumer: principal?.consumer ?? null,
    notes: call.notes,
  };
}

function bytesSaid(length: number | string | string[] | undefined): number | null {
  return length === undefined ? null : Number(length);
}
