import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { DomainError } from '#kernel/errors';

/** What a server may be called. */
export interface HostPolicy {
  /** Host names besides loopback that clients may use, without port. */
  readonly allowedHosts: readonly string[];
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const LOOPBACK_NAMES = new Set(['localhost', '[::1]']);

function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || (isIP(host) === 4 && host.startsWith('127.'));
}

function isAllowed(host: string, policy: HostPolicy): boolean {
  return isLoopback(host) || policy.allowedHosts.includes(host);
}

/** The host without port of a `Host` header or an origin's authority, in lower case. */
function withoutPort(authority: string): string {
  return authority.replace(/:\d+$/, '').toLowerCase();
}

/**
 * Refuses requests that a web page of another site could make on the reader's behalf. The Host must be one of ours,
 * which stops DNS rebinding; a call that changes something must not come from a foreign origin, which stops
 * cross-site requests. Holds on every path, before routing.
 * @throws DomainError PERMISSION_DENIED
 */
export function guardBrowserBorne(method: string, headers: IncomingHttpHeaders, policy: HostPolicy): void {
  const host = withoutPort(headers.host ?? '');
  if (!isAllowed(host, policy)) {
    throw new DomainError('PERMISSION_DENIED', `This server does not answer to the host name '${host}'`, {
      field: 'Host',
      hint: `Start it with --allowed-hosts ${host || 'NAME'} if that is its name.`,
    });
  }
  if (SAFE_METHODS.has(method)) return;
  const origin = headers.origin;
  if (origin !== undefined) {
    const authority = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
    // Same authority as the request's own, so that a page on another loopback port is foreign too.
    if (authority?.toLowerCase() !== (headers.host ?? '').toLowerCase()) {
      throw new DomainError('PERMISSION_DENIED', `Calls from pages of ${origin} are refused`, { field: 'Origin' });
    }
  }
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    throw new DomainError('PERMISSION_DENIED', 'Calls from pages of another site are refused', {
      field: 'Sec-Fetch-Site',
    });
  }
}
