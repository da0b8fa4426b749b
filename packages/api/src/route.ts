import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';

/** What a principal must hold to call a route. `public` asks for nothing: health, metadata. */
export type Permission = 'public' | 'read' | 'write' | 'execute' | 'deploy' | 'admin';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface RouteBasics {
  /** `module.verb`; the client's method name and the OpenAPI operation id. */
  readonly name: string;
  readonly method: Method;
  /** Fastify path: `/api/v1/projects/:project`. */
  readonly path: string;
  readonly summary: string;
  readonly permission: Permission;
  /** Most bytes of body read before the call is refused; 0 where no body is taken. */
  readonly bodyLimitBytes: number;
  /** Name in the audit log, or `none` for a call that changes nothing. */
  readonly audit: string;
}

/** A route of the native API: JSON in, JSON out, each part with its schema. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> extends RouteBasics {
  readonly kind: 'json';
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly reply: Reply;
  readonly errors: readonly ErrorCode[];
}

/** A route of a foreign protocol, or one that streams: the handler reads and writes bytes itself. */
export interface RawRoute extends RouteBasics {
  readonly kind: 'raw';
  /** Whose error shape applies. `native` is RFC 9457. */
  readonly protocol: 'native' | 'mlflow' | 'open-inference' | 'mlflow-scoring' | 'otel' | 'prometheus';
  /** How the handler wants the body: parsed by nobody, as bytes or as a stream. */
  readonly bodyAs: 'none' | 'bytes' | 'stream';
  /** A body of this content type comes as a stream of any length, whatever `bodyAs` says: the handler takes it piece by piece. */
  readonly streamedType?: string;
}

export type AnyRoute = Route | RawRoute;

/** Declares a route of the native API; the types of its parts flow to server and client. */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Reply extends z.ZodType,
>(route: Omit<Route<Params, Query, Body, Reply>, 'kind'>): Route<Params, Query, Body, Reply> {
  return { kind: 'json', ...route };
}

/** Declares a route whose body and reply are bytes. */
export function defineRawRoute(route: Omit<RawRoute, 'kind'>): RawRoute {
  return { kind: 'raw', ...route };
}

/** What the caller gives: values before parsing (defaults may be left out). */
export interface RouteInput<R extends Route> {
  readonly params: z.input<R['params']>;
  readonly query: z.input<R['query']>;
  readonly body: z.input<R['body']>;
}

/** What the handler gets: values after parsing. */
export interface RouteRequest<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: z.output<R['body']>;
}

export type RouteReply<R extends Route> = z.output<R['reply']>;
