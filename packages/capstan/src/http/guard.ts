import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { DomainError } from '#kernel/errors';

/** What a server may be called. */
export interface HostPolicy {
  /**
   * Names besides loopback with the port that is listened on: `ml.example.org` with any port, `localhost:8080` with that
   * one, where a proxy or a port forward leads here.
   */
  readonly allowedHosts: readonly string[];
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const LOOPBACK_NAMES = new Set(['localhost', '[::1]']);
/** A `Host` without a port means one of these. */
const DEFAULT_PORTS = new Set([80, 443]);

interface Authority {
  /** In lower case; an IPv6 address in its brackets. */
  readonly name: string;
  /** Undefined where none is said. */
  readonly port: number | undefined;
}

/** `name` or `name:port`; null where it is neither. */
function parseAuthority(text: string): Authority | null {
  const [, name, port] = /^(\[[\da-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return name === undefined ? null : { name: name.toLowerCase(), port: port === undefined ? undefined : Number(port) };
}

function isLoopback(name: string): boolean {
  return LOOPBACK_NAMES.has(name) || (isIP(name) === 4 && name.startsWith('127.'));
}

function isAllowed(host: Authority, listeningPort: number | undefined, policy: HostPolicy): boolean {
  const isPort = (port: number): boolean => (host.port === undefined ? DEFAULT_PORTS.has(port) : host.port === port);
  if (listeningPort !== undefined && isLoopback(host.name) && isPort(listeningPort)) return true;
  return policy.allowedHosts.some((entry) => {
    const allowed = parseAuthority(entry);
    return allowed?.name === host.name && (allowed.port === undefined || isPort(allowed.port));
  });
}

/** What was let through last: the requests of a connection all say the same. */
const lastAllowed = new WeakMap<HostPolicy, { readonly given: string; readonly port: number | undefined }>();

/** @throws DomainError PERMISSION_DENIED */
function checkHost(given: string, port: number | undefined, policy: HostPolicy): void {
  const last = lastAllowed.get(policy);
  if (last?.given === given && last.port === port) return;
  const host = parseAuthority(given);
  if (!host || !isAllowed(host, port, policy)) {
    throw new DomainError(
      'PERMISSION_DENIED',
      `This server does not answer to the host name '${given.toLowerCase()}'`,
      {
        field: 'Host',
        hint: `Start it with --allowed-hosts ${host ? given.toLowerCase() : 'NAME'} if a proxy or port forward of yours is called so.`,
      },
    );
  }
  lastAllowed.set(policy, { given, port });
}

/** What of a request tells whether a browser was made to send it. */
interface BrowserBorne {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the connection; undefined once that is gone. */
  readonly listeningPort: number | undefined;
}

/**
 * Refuses requests that a web page of another site could make on the reader's behalf. The Host must be one of ours, with
 * the port that the call came in by, which stops DNS rebinding; a call that changes something must not come from a
 * foreign origin, which stops cross-site requests. Holds on every path, before routing.
 * @throws DomainError PERMISSION_DENIED
 */
export function guardBrowserBorne({ method, headers, listeningPort }: BrowserBorne, policy: HostPolicy): void {
  checkHost(headers.host ?? '', listeningPort, policy);
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
