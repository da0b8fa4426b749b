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

/** Has the handler of a route that carries bytes answer a call that may be made. @throws what the handler throws, and for the body */
export async function answerRaw<Reply extends RawReply>(
  bound: BytesRoute<Reply>,
  call: Call,
  limits: BodyLimits,
): Promise<Reply> {
  const { route } = bound;
  const { request, principal, params } = call;
  const { headers } = request;
  const isStreamed = route.streamedType !== undefined && mediaOf(headers['content-type']) === route.streamedType;
  const limitBytes = isStreamed ? Number.POSITIVE_INFINITY : route.bodyLimitBytes;
  refuseAnnounced(headers, limitBytes);
  bound.admit?.({
    params,
    headers,
    principal,
    startedAt: call.startedAt,
    note: (notes) => void (call.notes = notes),
  });
  // Its end may never come: the connection carries no other request.
  if (isStreamed) call.response.setHeader('connection', 'close');
  const openStream = (): Readable => {
    const stream = limited(request, headers, { bytes: limitBytes, idleMs: limits.idleMs });
    // Where the answer ends before the body does, the rest of that goes nowhere.
    if (isStreamed) stream.once('close', () => request.resume());
    return stream;
  };
  const handle = (bytes: Buffer): Promise<Reply> => bound.handle(new IncomingBytes(call, { bytes, openStream }));
  const readsBytes = !isStreamed && route.bodyAs === 'bytes';
  return readsBytes ? await withBody(request, route, limits, handle) : await handle(EMPTY);
}
