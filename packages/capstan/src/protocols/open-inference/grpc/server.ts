import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { isIPv6, type AddressInfo, type ListenOptions, type Socket } from 'node:net';
import { errorCodes } from '@capstan/api';
import type { Logger } from 'pino';
import {
  authorize,
  BytesInHand,
  guardBrowserBorne,
  listenAgain,
  shareOfFiles,
  type AccessFacts,
  type Identify,
  type Principal,
  type SharesPort,
} from '#http';
import { conflict, DomainError } from '#kernel/errors';
import { ServerCall, type CallDeps, type GrpcMethod } from './server-call.ts';

export interface GrpcServerOptions {
  /** By path, `/inference.GRPCInferenceService/ModelInfer` for example. */
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  /** Tells who calls; what a caller may do is decided from it and the method's permission before anything is read. */
  readonly identify: Identify;
  readonly allowedHosts: readonly string[];
  /** Larger messages are refused with RESOURCE_EXHAUSTED, before and after they are unpacked. */
  readonly maxMessageBytes: number;
  /** What messages that are received or worked on may hold; a count of its own, of eight of the largest, unless told. */
  readonly inHand?: BytesInHand;
  readonly log: Logger;
  /** Counts answers, for /metrics, with the status that HTTP would have. */
  readonly onAnswer?: (path: string, status: number, durationMs: number) => void;
  /** Told whose a call was that is over, where that was looked at. */
  readonly onEnd?: (principal: Principal, status: number) => void;
  /** Told of each call that is over, for a log of them. */
  readonly onAccess?: ((facts: AccessFacts) => void) | undefined;
}

export interface GrpcServer extends SharesPort {
  /** Starts to listen; port 0 takes any. Returns `host:port`. @throws DomainError CONFLICT when the port is taken */
  listen(host: string, port: number, options?: { readonly reusePort: boolean }): Promise<string>;
  /** Takes no new calls while those in hand end, then closes. */
  drain(graceMs: number): Promise<void>;
}

interface SessionFacts {
  readonly listeningPort: number | undefined;
  /** By which this server has been called, and may be. */
  knownHost: string | undefined;
}

/** Messages flow without waiting for the other side up to this many bytes a stream and a connection. */
const WINDOW_BYTES = 4 * 2 ** 20;
const MAX_STREAMS = 1_000;
/** What one connection may queue, in megabytes. */
const SESSION_MEMORY_MB = 512;
const HEADER_LIST_BYTES = 16_384;
/** Of requests in hand, all together: some messages of the largest size. */
const MESSAGES_IN_HAND = 8;
/** A connection without a sign of life for this long is asked for one. */
const KEEP_ALIVE_MS = 60_000;
const PING_TIMEOUT_MS = 20_000;
/** A client says its settings first of all. */
const SETTINGS_TIMEOUT_MS = 10_000;
/** Each connection carries many calls: most of the files are for the others. */
const SHARE_OF_FILES = 0.15;

/** gRPC over HTTP/2 without TLS. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { methods, log } = options;
  const inHand = options.inHand ?? new BytesInHand(options.maxMessageBytes * MESSAGES_IN_HAND);
  const sessions = new Map<ServerHttp2Session, SessionFacts>();
  /** Calls that end when their caller wants, which a server that stops cannot wait for. */
  const endless = new Set<ServerCall>();
  let isDraining = false;
  let place: ListenOptions | undefined;

  const shared: CallDeps = {
    log,
    maxMessageBytes: options.maxMessageBytes,
    inHand,
    onEnd(call, error) {
      const status = error ? errorCodes[error.code].status : 200;
      options.onAnswer?.(call.path ?? 'none', status, performance.now() - call.startedAt);
      if (call.principal) options.onEnd?.(call.principal, status);
      options.onAccess?.(call.facts(status));
      endless.delete(call);
    },
  };
  const server = createServer({
    maxSessionMemory: SESSION_MEMORY_MB,
    settings: {
      initialWindowSize: WINDOW_BYTES,
      maxConcurrentStreams: MAX_STREAMS,
      maxHeaderListSize: HEADER_LIST_BYTES,
      enablePush: false,
    },
  });
  const most = shareOfFiles(SHARE_OF_FILES);
  if (most !== undefined) server.maxConnections = most;
  // Trailers are a write of their own, which must not wait until the client has acknowledged the one before.
  server.on('connection', (socket: Socket) => void socket.setNoDelay(true));
  server.on('session', (session) => {
    sessions.set(session, { listeningPort: session.socket.localPort, knownHost: undefined });
    session.setLocalWindowSize(WINDOW_BYTES);
    const silent = setTimeout(() => session.destroy(), SETTINGS_TIMEOUT_MS);
    session.once('remoteSettings', () => clearTimeout(silent));
    session.on('close', () => {
      clearTimeout(silent);
      sessions.delete(session);
    });
    session.setTimeout(KEEP_ALIVE_MS, () => askForLife(session));
  });
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const method = methods.get(path);
    const call = new ServerCall(stream, headers, shared, method && path);
    try {
      if (refusedAsHttp(stream, headers)) return;
      admit(call, stream, headers, method);
      if (!method) return;
      if (method.kind !== 'unary') endless.add(call);
      call.run(method);
    } catch (error) {
      call.fail(error);
    }
  });

  function admit(
    call: ServerCall,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: GrpcMethod | undefined,
  ): void {
    guard(headers, sessions.get(stream.session as ServerHttp2Session), options);
    if (isDraining) throw stopping();
    const path = headers[':path'] ?? '';
    if (!method) throw new DomainError('NOT_IMPLEMENTED', `No method ${path.slice(0, 200)}`);
    call.principal = options.identify({ headers, remoteAddress: call.remoteAddress });
    authorize(call.principal, { name: path, permission: method.permission });
  }

  return {
    listen: (host, port, { reusePort } = { reusePort: false }) =>
      new Promise((resolve, reject) => {
        server.once('error', (cause: NodeJS.ErrnoException) =>
          reject(cause.code === 'EADDRINUSE' ? taken(host, port, cause) : cause),
        );
        server.listen({ port, host, reusePort }, () => {
          const { address, port: chosen } = server.address() as AddressInfo;
          place = { host, port: chosen, reusePort };
          resolve(`${isIPv6(address) ? `[${address}]` : address}:${chosen}`);
        });
      }),
    leavePort() {
      if (!server.listening) return;
      server.close();
      for (const session of sessions.keys()) session.close();
    },
    async takePort() {
      if (!server.listening && place) await listenAgain(server, place);
    },
    async drain(graceMs) {
      isDraining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Says GOAWAY: streams that are open go on, and the client opens no others here.
      for (const session of sessions.keys()) session.close();
      for (const call of endless) call.fail(stopping());
      const late = setTimeout(() => {
        for (const session of sessions.keys()) session.destroy();
      }, graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

/** A client names one host on a connection: it need not be looked at for each call. */
function guard(headers: IncomingHttpHeaders, facts: SessionFacts | undefined, options: GrpcServerOptions): void {
  const host = headers[':authority'] ?? headers.host;
  const { origin, 'sec-fetch-site': site } = headers;
  const isFromPage = origin !== undefined || site !== undefined;
  if (!isFromPage && host !== undefined && host === facts?.knownHost) return;
  const shown = {
    ...(host !== undefined && { host }),
    ...(origin && { origin }),
    ...(site && { 'sec-fetch-site': site }),
  };
  guardBrowserBorne({ method: 'POST', headers: shown, listeningPort: facts?.listeningPort }, options);
  if (facts) facts.knownHost = host;
}

/** What is no gRPC gets an answer in HTTP's own words, as the protocol says. */
function refusedAsHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
  const isPost = headers[':method'] === 'POST';
  if (isPost && headers['content-type']?.startsWith('application/grpc')) return false;
  stream.respond({ ':status': isPost ? 415 : 405, ...(!isPost && { allow: 'POST' }) }, { endStream: true });
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  return true;
}

function askForLife(session: ServerHttp2Session): void {
  if (session.destroyed || session.closed) return;
  const dead = setTimeout(() => session.destroy(), PING_TIMEOUT_MS);
  session.once('close', () => clearTimeout(dead));
  session.ping(() => clearTimeout(dead));
}

function stopping(): DomainError {
  return new DomainError('UNAVAILABLE', 'The server is stopping', { hint: 'Try again in a moment.' });
}

function taken(host: string, port: number, cause: unknown): DomainError {
  return conflict(`Port ${port} of ${host} is taken`, {
    field: 'grpcPort',
    hint: 'Stop what listens there, choose another --grpc-port, or leave gRPC out with --no-grpc.',
    cause,
  });
}
