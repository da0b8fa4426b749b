import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { admitCaller, admitHead, answerRaw } from './answer-raw.ts';
import type { Identify } from './authorize.ts';
import type { BoundRoute, HeldReply } from './bind.ts';
import { Call } from './call.ts';
import { errorReply } from './error-reply.ts';
import type { ErrorRenderer } from './problem.ts';
import type { BodyLimits } from './take-body.ts';

/** Answers a call whose route is direct; false for any other, of which nothing has been touched. */
export type AnswerDirectly = (request: IncomingMessage, response: ServerResponse) => boolean;

interface DirectCallsDeps {
  readonly limits: BodyLimits;
  /** On every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly identify: Identify;
  readonly log: Logger;
  rendererOf(bound: BoundRoute): ErrorRenderer;
  /** Refuses what no route shall see. @throws DomainError */
  guard(request: IncomingMessage): void;
  /** Told of a call that is over. */
  onEnd(call: Call, bytesOut: number): void;
}

/** Of the bytes of a path these need no decoding, and no second way to write them leads to the same route. */
const PLAIN = '([\\w.~-]{1,2048})';

interface DirectRoute {
  readonly bound: BoundRoute & { readonly kind: 'direct' };
  readonly path: RegExp;
  readonly names: readonly string[];
  readonly renderer: ErrorRenderer;
}

/**
 * The short way to the routes that are called thousands of times a second: straight from Node's HTTP server, by the same
 * steps as all others but without their framework, which costs as much as a small model (docs/decisions/0055). Only plain
 * paths take it; every other way to write one goes through the framework, to the same handler.
 */
export function directCalls(bound: readonly BoundRoute[], deps: DirectCallsDeps): AnswerDirectly {
  const routes = bound.flatMap((entry) => (entry.kind === 'direct' ? [directRoute(entry, deps)] : []));
  const log = deps.log;

  function send(call: Call, { status, headers, body }: HeldReply): void {
    const bytes = Buffer.byteLength(body);
    call.response
      .writeHead(status, { ...deps.headers, 'x-request-id': call.id, ...headers, 'content-length': bytes })
      .end(body);
    deps.onEnd(call, bytes);
  }

  const refuse = ({ renderer }: DirectRoute, call: Call, error: unknown): void =>
    send(call, errorReply(error, call, { renderer, log }));

  async function answer(route: DirectRoute, call: Call): Promise<void> {
    let reply: HeldReply;
    try {
      reply = await answerRaw(route.bound, call, deps.limits);
    } catch (error) {
      return refuse(route, call, error);
    }
    send(call, reply);
  }

  /** What may not go on is refused in the same turn, by nothing that waits: there may be ten thousand a second. */
  function isLetIn(route: DirectRoute, call: Call): boolean {
    try {
      deps.guard(call.request);
      admitCaller(call, deps.identify, route.bound.route);
      admitHead(route.bound, call);
      return true;
    } catch (error) {
      refuse(route, call, error);
      return false;
    }
  }

  function begin(route: DirectRoute, call: Call): void {
    const failed = (error: unknown): void => {
      log.error({ err: error, requestId: call.id, url: call.request.url }, 'an answer could not be sent');
      call.response.destroy();
    };
    try {
      if (isLetIn(route, call)) answer(route, call).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  return (request, response) => {
    if (request.method !== 'POST') return false;
    const { url = '' } = request;
    for (const route of routes) {
      const found = route.path.exec(url);
      if (!found) continue;
      const call = new Call(randomUUID(), request, response, route.bound.route.path);
      call.params = Object.fromEntries(route.names.map((name, index) => [name, found[index + 1] ?? '']));
      begin(route, call);
      return true;
    }
    return false;
  };
}

function directRoute(bound: DirectRoute['bound'], deps: Pick<DirectCallsDeps, 'rendererOf'>): DirectRoute {
  const names: string[] = [];
  const path = bound.route.path.replaceAll(/[.]|:(\w+)/g, (part, name: string | undefined) => {
    if (name === undefined) return `\\${part}`;
    names.push(name);
    return PLAIN;
  });
  return { bound, path: new RegExp(`^${path}$`), names, renderer: deps.rendererOf(bound) };
}
