import type { RawRequest } from '#http';

/** The length that the sender says the body has; undefined where it says none. */
export function announcedBytes(request: Pick<RawRequest, 'headers'>): number | undefined {
  const announced = Number(request.headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(announced) ? announced : undefined;
}
