import type { Principal } from '#http';
import { deadlineOf } from './batching/deadline.ts';
import type { ServingPlane } from './plane.ts';

type CallHead = Parameters<typeof deadlineOf>[0] & { readonly principal: Principal | null };

/**
 * Refuses a call over HTTP by its head, where its caller may not make it or its answer could not be there in time.
 * @throws DomainError UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE; INVALID_ARGUMENT for a deadline that is none
 */
export function admitCall(plane: Pick<ServingPlane, 'admit'>, deployment: string, head: CallHead): void {
  const { headers, principal } = head;
  plane.admit(deployment, Number(headers['content-length'] ?? 0), deadlineOf(head), { principal });
}
