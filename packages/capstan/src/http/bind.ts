import type { Readable } from 'node:stream';
import type { AnyRoute, RawRoute, Route, RouteReply, RouteRequest } from '@capstan/api';
import type { z } from 'zod';
import type { Cause } from '#kernel/cause';
import type { LentBytes } from '#ports/blob-store';
import type { CallNotes } from './access-log.ts';
import type { Grant, Principal } from './authorize.ts';

/** Who calls, and what to pass on. */
export interface RequestContext {
  readonly requestId: string;
  /** Actor of the facts this call leads to. */
  readonly cause: Cause;
  /** Whose call it is. */
  readonly principal: Principal | null;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
  /** The caller's header of W3C Trace Context. */
  readonly traceparent: string | undefined;
  /** When the call came, by `performance.now()`. */
  readonly startedAt: number;
  /** For the log of calls; what is noted later stands for what was before. */
  note(notes: CallNotes): void;
}

export interface RawRequest extends RequestContext {
  /** What the caller may do. */
  readonly grants: ReadonlySet<Grant>;
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The whole body for `bodyAs: 'bytes'`, else empty. */
  readonly bytes: Buffer;
  /** The body for `bodyAs: 'stream'`, cut off with TOO_LARGE past the route's limit. */
  readonly stream: Readable;
}

export interface RawReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable | LentBytes;
}

/** An answer whose body is in memory. */
export type HeldReply = RawReply & { readonly body: string | Uint8Array };

export type JsonHandler<R extends Route> = (
  request: RouteRequest<R>,
  context: RequestContext,
) => Promise<z.input<R['reply']>>;

export type BoundRoute =
  | {
      readonly kind: 'json';
      readonly route: Route;
      handle(request: unknown, context: RequestContext): Promise<unknown>;
    }
  | ({ readonly kind: 'raw' } & BytesRoute<RawReply>)
  | ({ readonly kind: 'direct' } & BytesRoute<HeldReply>);

/** A route that carries bytes, with its handler. */
export interface BytesRoute<Reply extends RawReply> {
  readonly route: RawRoute;
  readonly admit?: Admit;
  handle(request: RawRequest): Promise<Reply>;
}

/** Refuses a call by its head, before its body is read. @throws DomainError */
export type Admit = (head: Pick<RawRequest, 'params' | 'headers' | 'principal' | 'startedAt' | 'note'>) => void;

/** Joins a route of the table with the use case behind it; the types of both must agree. */
export function bind<R extends Route>(route: R, handler: JsonHandler<R>): BoundRoute {
  return {
    kind: 'json',
    route,
    handle: (request, context) => handler(request as RouteRequest<R>, context) as Promise<RouteReply<R>>,
  };
}

/** Joins a route that carries bytes with its handler. */
export function bindRaw(
  route: RawRoute,
  handle: (request: RawRequest) => Promise<RawReply>,
  admit?: Admit,
): BoundRoute {
  return { kind: 'raw', route, handle, ...(admit && { admit }) };
}

/** The same for a route that is called very often: the shortest way there is leads to it. */
export function bindDirect(
  route: RawRoute,
  handle: (request: RawRequest) => Promise<HeldReply>,
  admit: Admit,
): BoundRoute {
  return { kind: 'direct', route, handle, admit };
}

export function routeKey(route: AnyRoute): string {
  return `${route.method} ${route.path}`;
}
