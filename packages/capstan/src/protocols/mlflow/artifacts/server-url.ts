import type { RawRequest } from '#http';
import { invalid } from '#kernel/errors';

/**
 * Where a client reaches this server: the address that is configured, else the one that it has called. What it says in
 * X-Forwarded-Proto only comes back to itself, so it may be believed.
 */
export function serverUrlOf(request: Pick<RawRequest, 'headers'>, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const { host, 'x-forwarded-proto': forwarded } = request.headers;
  if (typeof host !== 'string') throw invalid('The request names no host', { field: 'Host' });
  return `${forwarded === 'https' ? 'https' : 'http'}://${host}`;
}
