// How the client calls: from methods and paths alone. The contract stands here in types only, so that a page need not
// load its schemas.
import type { AnyRoute, Problem, Route, RouteInput, RouteReply, routes } from '@capstan/api';

/** Where a route is called. */
export interface Call {
  readonly method: string;
  readonly path: string;
}

/** By module and name, of the routes that answer JSON. */
export type Calls = Readonly<Record<string, Readonly<Record<string, Call>>>>;

export function callsOf(table: Readonly<Record<string, Readonly<Record<string, AnyRoute>>>>): Calls {
  return Object.fromEntries(
    Object.entries(table).map(([module, verbs]) => [
      module,
      Object.fromEntries(
        Object.entries(verbs).flatMap(([name, { kind, method, path }]) =>
          kind === 'json' ? [[name, { method, path }]] : [],
        ),
      ),
    ]),
  );
}

/** The server answered with a problem (RFC 9457), or could not be reached (`status` 0, code `UNAVAILABLE`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(facts: Problem, cause?: unknown) {
    super(facts.detail, cause === undefined ? undefined : { cause });
    this.problem = facts;
  }
}

export interface ClientOptions {
  /** Root of the server, e.g. `http://127.0.0.1:5050`; empty for the page's own origin. */
  readonly baseUrl: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly headers?: Readonly<Record<string, string>>;
}

type Part = 'params' | 'query' | 'body';

/** Parts with members; one that nothing must be said in may be left out. */
type Given<R extends Route> = {
  [P in Part as RouteInput<R>[P] extends Record<string, never> ? never : P]: RouteInput<R>[P];
} extends infer Parts
  ? { [P in keyof Parts as object extends Parts[P] ? never : P]: Parts[P] } & {
      [P in keyof Parts as object extends Parts[P] ? P : never]?: Parts[P];
    }
  : never;

/** A method per JSON route: `client.system.status({})`. Parts without members are left out. */
export type Client = {
  [Module in keyof typeof routes]: {
    [
      Name in keyof (typeof routes)[Module] as (typeof routes)[Module][Name] extends Route ? Name : never
    ]: (typeof routes)[Module][Name] extends infer R extends Route
      ? (input: Given<R>, signal?: AbortSignal) => Promise<RouteReply<R>>
      : never;
  };
};

interface Parts {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function addressOf(route: Call, parts: Parts): string {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(parts.params?.[name])));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parts.query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) search.append(key, String(item));
    }
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

function problemFrom(status: number, text: string): Problem {
  const said = parsed(text);
  if (isProblem(said)) return said;
  const detail = text.slice(0, 500) || `The server answered ${status} with no explanation`;
  return { type: 'about:blank', title: 'Unexpected answer', status, code: 'INTERNAL', detail, requestId: '' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const textsOfProblem = ['type', 'title', 'code', 'detail', 'requestId'] as const satisfies readonly (keyof Problem)[];

/** Whether it has all that a problem must have; anything in between answers with something else. */
function isProblem(said: unknown): said is Problem {
  if (typeof said !== 'object' || said === null) return false;
  const members = said as Readonly<Record<string, unknown>>;
  return typeof members['status'] === 'number' && textsOfProblem.every((name) => typeof members[name] === 'string');
}

function unreachable(baseUrl: string, cause: unknown): ApiError {
  const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : '';
  return new ApiError(
    {
      type: 'about:blank',
      title: 'Not reachable',
      status: 0,
      code: 'UNAVAILABLE',
      detail: `No Capstan server answers at ${baseUrl || 'this address'} (${reason})`,
      hint: 'Start one with `capstan up`, or set CAPSTAN_URL to where it runs.',
      requestId: '',
    },
    cause,
  );
}

async function call(options: ClientOptions, route: Call, parts: Parts, signal?: AbortSignal): Promise<unknown> {
  const send = options.fetch ?? globalThis.fetch;
  const hasBody = parts.body !== undefined;
  let response: Response;
  try {
    response = await send(options.baseUrl + addressOf(route, parts), {
      method: route.method,
      headers: {
        accept: 'application/json',
        ...(hasBody && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(hasBody && { body: JSON.stringify(parts.body) }),
      ...(signal && { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable(options.baseUrl, cause);
  }
  const text = await response.text();
  if (!response.ok) throw new ApiError(problemFrom(response.status, text));
  return JSON.parse(text);
}

/** @throws ApiError from every method, with the server's own words */
export function clientOf(calls: Calls, options: ClientOptions): Client {
  const modules = Object.entries(calls).map(([module, verbs]) => {
    const methods = Object.entries(verbs).map(([name, route]) => [
      name,
      (parts: Parts, signal?: AbortSignal) => call(options, route, parts, signal),
    ]);
    return [module, Object.fromEntries(methods)];
  });
  return Object.fromEntries(modules) as Client;
}
