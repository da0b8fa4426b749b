import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenOptions } from 'node:net';
import type { AnyRoute } from '@capstan/api';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { DomainError } from '#kernel/errors';
import type { AccessFacts } from './access-log.ts';
import { admitCaller, admitHead, answerRaw } from './answer-raw.ts';
import type { Identify, Principal } from './authorize.ts';
import { routeKey, type BoundRoute, type RawReply, type RawRequest, type RequestContext } from './bind.ts';
import { boundConnections, shareOfFiles } from './bound-connections.ts';
import { listenAgain, type SharesPort } from './shared-port.ts';
import { BytesInHand, MOST_BYTES_IN_HAND } from './bytes-in-hand.ts';
import { accessFacts, Call } from './call.ts';
import { directCalls } from './direct-calls.ts';
import { errorReply } from './error-reply.ts';
import { guardBrowserBorne, type HostPolicy } from './guard.ts';
import { IncomingCall, queryOf } from './incoming-call.ts';
import { parseJsonBody } from './json-body.ts';
import { mediaOf } from './media-of.ts';
import { problemRenderer, validationError, type ErrorRenderer } from './problem.ts';
import { securityHeaders } from './security-headers.ts';
import { isLent, send, withoutBody } from './send-answer.ts';
import { sendLent } from './send-lent.ts';
import { withBody, type BodyLimits } from './take-body.ts';

declare module 'fastify' {
  interface FastifyRequest {
    call: Call;
  }
}

// Not by import: see problem.ts.
const { createServer } = process.getBuiltinModule('node:http');

export interface HttpServerOptions extends HostPolicy {
  /** The table: every route in it must be bound, and no other may be. */
  readonly table: readonly AnyRoute[];
  readonly bound: readonly BoundRoute[];
  /** Tells who calls; what a caller may do is decided from it and the route's permission before any handler runs. */
  readonly identify: Identify;
  /** Error shapes of the foreign protocols in the table. */
  readonly errorRenderers: Readonly<Record<string, ErrorRenderer>>;
  /** Error shape where no route says one: RFC 9457 unless told. */
  readonly defaultRenderer?: ErrorRenderer;
  /** Error shape for a path that no route has, where a protocol's client would look for its own. */
  readonly unknownRenderer?: (path: string) => ErrorRenderer | undefined;
  readonly log: Logger;
  /** On every answer; those of the interface unless told. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers paths no route has, e.g. with the interface's files; null for the error. */
  readonly fallback?: (path: string) => Promise<RawReply | null>;
  /** Longest pause within a body; a minute unless told. */
  readonly idleTimeoutMs?: number;
  /** What bodies may hold in memory; a count of its own, of 1 GiB, unless told. */
  readonly inHand?: BytesInHand;
  /** Most connections at once; by the files that the process may open unless told. */
  readonly maxConnections?: number;
  /** Checks replies against their schemas: on in tests and development. */
  readonly checkReplies: boolean;
  /** Counts answers, for /metrics. */
  readonly onAnswer?: (route: string, status: number, durationMs: number) => void;
  /** Told whose a call was that is over, where that was looked at, and the parameters of its path. */
  readonly onEnd?: (principal: Principal, status: number, params: RawRequest['params']) => void;
  /** Told of each call that is over, for a log of them. */
  readonly onAccess?: ((facts: AccessFacts) => void) | undefined;
}

export interface HttpServer extends SharesPort {
  /** Starts to listen; port 0 takes any; `reusePort` shares it with other processes that say so. Returns the address as a URL. @throws DomainError CONFLICT when the port is taken */
  listen(host: string, port: number, options?: { readonly reusePort: boolean }): Promise<string>;
  /** Refuses new work with 503 while that in hand ends, then closes. */
  drain(graceMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const TIMEOUTS_EVERY_MS = 2_000;
/** Others are for models, logs, calls out and the other protocol. */
const SHARE_OF_FILES = 0.7;
/** A stream may take as long as it moves. */
const IDLE_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 72_000;
const MAX_HEADER_BYTES = 16_384;

/** Bodies and replies are checked by the table's own schemas: Fastify's validators, 50 ms of loading, are not asked. */
const noCompilers = { buildValidator: refuseCompiling, buildSerializer: refuseCompiling };

function refuseCompiling(): never {
  throw new Error('No route gives Fastify a schema: what it takes and gives is declared in the route table');
}

/** @throws Error when a route of the table has no handler, or a handler no route: such a server does not start */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  refuseGaps(options.table, options.bound);
  let isDraining = false;
  const headers = options.headers ?? securityHeaders;
  const limits = {
    idleMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    inHand: options.inHand ?? new BytesInHand(MOST_BYTES_IN_HAND),
  };
  function guard({ method = '', headers: given, socket }: IncomingMessage): void {
    guardBrowserBorne({ method, headers: given, listeningPort: socket.localPort }, options);
    if (isDraining) throw new DomainError('UNAVAILABLE', 'The server is stopping', { hint: 'Try again in a moment.' });
  }
  function tellEnd(call: Call, bytesOut: ReturnType<ServerResponse['getHeader']>): void {
    const { statusCode } = call.response;
    options.onAnswer?.(call.route ?? 'none', statusCode, performance.now() - call.startedAt);
    if (call.principal) options.onEnd?.(call.principal, statusCode, call.params);
    options.onAccess?.(accessFacts(call, bytesOut));
  }
  const { identify, log } = options;
  const answerDirectly = directCalls(options.bound, {
    headers,
    limits,
    identify,
    log,
    guard,
    rendererOf: (bound) => rendererFor(bound, options),
    onEnd: tellEnd,
  });
  let place: ListenOptions | undefined;
  const app = Fastify({
    serverFactory(handler) {
      const server = createServer(
        {
          headersTimeout: HEADERS_TIMEOUT_MS,
          connectionsCheckingInterval: TIMEOUTS_EVERY_MS,
          maxHeaderSize: MAX_HEADER_BYTES,
        },
        (request, response) => {
          if (isDraining || !server.listening) response.shouldKeepAlive = false;
          if (!answerDirectly(request, response)) handler(request, response);
        },
      );
      // Node's own would cut off a large file on a slow line: bodies have time-outs of their own.
      server.requestTimeout = 0;
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      return server;
    },
    loggerInstance: log satisfies FastifyBaseLogger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // A logger for each request costs more than its routing; who logs names the request.
    childLoggerFactory: (logger) => logger,
    bodyLimit: 1,
    routerOptions: { maxParamLength: 2_048, ignoreTrailingSlash: true },
    schemaController: { compilersFactory: noCompilers },
    // What is refused before any route is looked for, an address that is badly encoded for example.
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, rendererOf(request, options)),
  });
  const most = options.maxConnections ?? shareOfFiles(SHARE_OF_FILES);
  if (most !== undefined) boundConnections(app.server, most);
  // Bodies are read by the route's own limit and kind, whatever their content type says.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  app.decorateRequest('call');
  // Hooks without promises: each would be a turn of the queue for every request.
  app.addHook('onRequest', (request, reply, done) => {
    request.call = new Call(request.id, request.raw, reply.raw, request.routeOptions.url ?? null);
    request.call.params = request.params as Call['params'];
    reply.headers(headers).header('x-request-id', request.id);
    guard(request.raw);
    done();
  });
  if (options.onAnswer ?? options.onEnd ?? options.onAccess) {
    app.addHook('onResponse', (request, reply, done) => {
      tellEnd(request.call, reply.getHeader('content-length'));
      done();
    });
  }
  for (const bound of options.bound) addRoute(app, bound, options, limits);
  app.setNotFoundHandler((request, reply) => answerUnknown(request, reply, options));
  app.setErrorHandler((error, request, reply) =>
    sendError(error, request, reply, options.defaultRenderer ?? problemRenderer),
  );

  return {
    async listen(host, port, { reusePort = false } = { reusePort: false }) {
      try {
        const url = await app.listen({ host, port, ...(reusePort && { reusePort }) });
        place = { host, port: Number(new URL(url).port), reusePort };
        return url;
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
          throw new DomainError('CONFLICT', `Port ${port} of ${host} is taken`, {
            field: 'port',
            hint: 'Stop what listens there, or choose another port.',
            cause,
          });
        }
        throw cause;
      }
    },
    leavePort() {
      if (app.server.listening) app.server.close();
      else app.server.closeIdleConnections();
    },
    async takePort() {
      if (!app.server.listening && place) await listenAgain(app.server, place);
    },
    async drain(graceMs) {
      isDraining = true;
      const late = setTimeout(() => app.server.closeAllConnections(), graceMs);
      app.server.closeIdleConnections();
      await app.close();
      clearTimeout(late);
    },
  };
}

function refuseGaps(table: readonly AnyRoute[], bound: readonly BoundRoute[]): void {
  const declared = new Set(table.map(routeKey));
  const handled = new Set(bound.map((entry) => routeKey(entry.route)));
  const unhandled = [...declared].filter((key) => !handled.has(key));
  const undeclared = [...handled].filter((key) => !declared.has(key));
  if (unhandled.length + undeclared.length + (bound.length - handled.size) === 0) return;
  throw new Error(
    `The route table and the handlers differ: without handler: ${unhandled.join(', ') || 'none'}; ` +
      `not in the table: ${undeclared.join(', ') || 'none'}; bound twice: ${bound.length - handled.size}`,
  );
}

function rendererFor(bound: BoundRoute, { errorRenderers }: HttpServerOptions): ErrorRenderer {
  return (bound.kind === 'json' ? undefined : errorRenderers[bound.route.protocol]) ?? problemRenderer;
}

function addRoute(app: FastifyInstance, bound: BoundRoute, options: HttpServerOptions, limits: BodyLimits): void {
  const { route } = bound;
  const renderer = rendererFor(bound, options);
  app.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: route.method === 'GET',
    errorHandler: (error, request, reply) => sendError(error, request, reply, renderer),
    handler: async (request, reply) => {
      const { call, raw } = request;
      admitCaller(call, options.identify, route);
      if (bound.kind === 'json') {
        const context = new IncomingCall(call);
        return await withBody(raw, route, limits, (bytes) =>
          answerJson(bound, bytes, { request, reply, context, checkReplies: options.checkReplies }),
        );
      }
      admitHead(bound, call);
      const answer = await answerRaw(bound, call, limits);
      if (isLent(answer.body)) return await sendLent(reply, answer, answer.body);
      return send(reply, request.method === 'HEAD' ? withoutBody(answer) : answer);
    },
  });
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, renderer: ErrorRenderer): void {
  const call = { id: request.id, request: request.raw, response: reply.raw };
  send(reply, errorReply(error, call, { renderer, log: request.log as Logger }));
}

async function answerJson(
  bound: BoundRoute & { kind: 'json' },
  bytes: Buffer,
  call: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    readonly context: RequestContext;
    readonly checkReplies: boolean;
  },
): Promise<FastifyReply> {
  const { route } = bound;
  const { request, reply, context } = call;
  const params = route.params.safeParse(request.params);
  if (!params.success) throw validationError('params', params.error);
  const query = route.query.safeParse(groupQuery(queryOf(request.url)));
  if (!query.success) throw validationError('query', query.error);
  const body = route.body.safeParse(route.bodyLimitBytes === 0 ? {} : jsonOf(bytes, request));
  if (!body.success) throw validationError('body', body.error);

  const result = await bound.handle({ params: params.data, query: query.data, body: body.data }, context);
  if (call.checkReplies) {
    const checked = route.reply.safeParse(result);
    if (!checked.success)
      throw new Error(`The reply of ${route.name} does not fit its schema: ${checked.error.message}`);
  }
  return await reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(result));
}

function jsonOf(bytes: Buffer, request: FastifyRequest): unknown {
  const type = mediaOf(request.headers['content-type']);
  if (bytes.length > 0 && type !== 'application/json') {
    throw new DomainError('UNSUPPORTED_MEDIA_TYPE', `Content-Type '${type}' is not taken here`, {
      field: 'Content-Type',
      hint: 'Send application/json.',
    });
  }
  return parseJsonBody(bytes);
}

/** One value as text, several of one key as a list. */
function groupQuery(search: URLSearchParams): Record<string, string | string[]> {
  const grouped: Record<string, string | string[]> = {};
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key);
    grouped[key] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return grouped;
}

async function answerUnknown(
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpServerOptions,
): Promise<FastifyReply> {
  const path = request.url.split('?')[0] ?? '/';
  const answer = request.method === 'GET' ? await options.fallback?.(path) : null;
  if (answer) return send(reply, answer);
  const error = new DomainError('NOT_FOUND', `No route ${request.method} ${path}`, {
    hint: 'The routes are listed at /docs and in /openapi.json.',
  });
  return send(reply, rendererOf(request, options)(error, request.id));
}

/** Of an address that no route has. */
function rendererOf(request: Pick<FastifyRequest, 'url'>, options: HttpServerOptions): ErrorRenderer {
  const path = request.url.split('?')[0] ?? '/';
  return options.unknownRenderer?.(path) ?? options.defaultRenderer ?? problemRenderer;
}
