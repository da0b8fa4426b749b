import type { Readable } from 'node:stream';
import { authorize, type Identify } from './authorize.ts';
import type { BoundRoute, BytesRoute, RawReply } from './bind.ts';
import type { Call } from './call.ts';
import { IncomingBytes } from './incoming-call.ts';
import { limited, refuseAnnounced } from './limited-stream.ts';
import { mediaOf } from './media-of.ts';
import { EMPTY, withBody, type BodyLimits } from './take-body.ts';

/** Says who calls, and lets nobody on who may not. @throws DomainError as `authorize` does */
export function admitCaller(call: Call, identify: Identify, route: BoundRoute['route']): void {
  const { headers, socket } = call.request;
  call.principal = identify({ headers, remoteAddress: socket.remoteAddress });
  authorize(call.principal, route);
}

/** Lets a call to a route that carries bytes go on by its head, before its body is read. @throws what the handler's `admit` throws, TOO_LARGE */
export function admitHead({ route, admit }: Pick<BytesRoute<RawReply>, 'route' | 'admit'>, call: Call): void {
  const { headers } = call.request;
  refuseAnnounced(headers, limitOf(route, headers));
  admit?.({
    params: call.params,
    headers,
    principal: call.principal,
    startedAt: call.startedAt,
    note: (notes) => void (call.notes = notes),
  });
}

/** Has the handler of a route that carries bytes answer a call that was let in. @throws what the handler throws, and for the body */
export function answerRaw<Reply extends RawReply>(
  bound: BytesRoute<Reply>,
  call: Call,
  limits: BodyLimits,
): Promise<Reply> {
  const { route } = bound;
  const { request } = call;
  const { headers } = request;
  const isStreamed = takesStream(route, headers);
  // Its end may never come: the connection carries no other request.
  if (isStreamed) call.response.setHeader('connection', 'close');
  const openStream = (): Readable => {
    const stream = limited(request, headers, { bytes: limitOf(route, headers), idleMs: limits.idleMs });
    // Where the answer ends before the body does, the rest of that goes nowhere.
    if (isStreamed) stream.once('close', () => request.resume());
    return stream;
  };
  const handle = (bytes: Buffer): Promise<Reply> => bound.handle(new IncomingBytes(call, { bytes, openStream }));
  const readsBytes = !isStreamed && route.bodyAs === 'bytes';
  return readsBytes ? withBody(request, route, limits, handle) : handle(EMPTY);
}

type Route = BoundRoute['route'] & BytesRoute<RawReply>['route'];

function takesStream({ streamedType }: Route, headers: Call['request']['headers']): boolean {
  return streamedType !== undefined && mediaOf(headers['content-type']) === streamedType;
}

function limitOf(route: Route, headers: Call['request']['headers']): number {
  return takesStream(route, headers) ? Number.POSITIVE_INFINITY : route.bodyLimitBytes;
}
