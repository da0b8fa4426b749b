import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { admitCaller, answerRaw } from './answer-raw.ts';
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

  async function answer({ bound: entry, renderer, names }: DirectRoute, call: Call, values: readonly string[]) {
    let reply: HeldReply;
    call.params = Object.fromEntries(names.map((name, index) => [name, values[index + 1] ?? '']));
    try {
      deps.guard(call.request);
      admitCaller(call, deps.identify, entry.route);
      reply = await answerRaw(entry, call, deps.limits);
    } catch (error) {
      reply = errorReply(error, call, { renderer, log });
    }
    const { body } = reply;
    const bytes = Buffer.byteLength(body);
    call.response
      .writeHead(reply.status, {
        ...deps.headers,
        'x-request-id': call.id,
        ...reply.headers,
        'content-length': bytes,
      })
      .end(body);
    deps.onEnd(call, bytes);
  }

  return (request, response) => {
    if (request.method !== 'POST') return false;
    const { url = '' } = request;
    for (const route of routes) {
      const found = route.path.exec(url);
      if (!found) continue;
      const call = new Call(randomUUID(), request, response, route.bound.route.path);
      void answer(route, call, found).catch((error: unknown) => {
        log.error({ err: error, requestId: call.id, url }, 'an answer could not be sent');
        response.destroy();
      });
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
