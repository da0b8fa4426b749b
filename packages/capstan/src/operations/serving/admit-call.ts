import { deadlineOf } from './batching/deadline.ts';
import type { ServingPlane } from './plane.ts';

type Headers = Parameters<typeof deadlineOf>[0];

/**
 * Refuses a call over HTTP by its head, where its answer could not be there in time.
 * @throws DomainError RESOURCE_EXHAUSTED, UNAVAILABLE; INVALID_ARGUMENT for a deadline that is none
 */
export function admitCall(plane: Pick<ServingPlane, 'admit'>, deployment: string, headers: Headers): void {
  plane.admit(deployment, Number(headers['content-length'] ?? 0), deadlineOf(headers));
}
