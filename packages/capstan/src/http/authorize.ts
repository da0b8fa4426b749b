import type { IncomingMessage } from 'node:http';
import type { AnyRoute, Permission } from '@capstan/api';
import { DomainError } from '#kernel/errors';

/** What can be granted; `public` needs no grant. */
export type Grant = Exclude<Permission, 'public'>;

/** Who calls, and what they may do. */
export interface Principal {
  /** Actor of the facts that a call leads to. */
  readonly actor: string;
  readonly grants: ReadonlySet<Grant>;
}

/** What tells of the caller, whether it speaks HTTP/1 or gRPC. */
type Called = Pick<IncomingMessage, 'headers'>;

/** Tells who sent a request; null where that is nobody known. */
export type Identify = (request: Called) => Principal | null;

/**
 * The one place that decides whether a call may be made. Whatever is not granted is denied.
 * @throws DomainError UNAUTHENTICATED without a principal, PERMISSION_DENIED without the grant
 */
export function authorize(principal: Principal | null, route: Pick<AnyRoute, 'name' | 'permission'>): void {
  const { name, permission } = route;
  if (permission === 'public') return;
  if (!principal) throw new DomainError('UNAUTHENTICATED', `${name} is for those who have logged in`);
  if (principal.grants.has(permission)) return;
  throw new DomainError('PERMISSION_DENIED', `${name} takes the permission '${permission}'`, {
    hint: 'Ask an administrator for it.',
    details: { permission },
  });
}

const ALL: Readonly<Record<Grant, true>> = { read: true, write: true, execute: true, deploy: true, admin: true };
const everything: ReadonlySet<Grant> = new Set(Object.keys(ALL) as Grant[]);

/**
 * Loopback without login: whoever can reach the socket is the operator of this machine, and may do everything
 * (docs/decisions/0013). Only for servers that no other machine reaches.
 */
export const identifyLocal: Identify = (request) => ({ actor: localActor(request), grants: everything });

/** A name a local tool gives itself, for the record only; it grants nothing. */
function localActor(request: Called): string {
  const given = request.headers['x-capstan-actor'];
  return typeof given === 'string' && /^[\w.@-]{1,64}$/.test(given) ? `local:${given}` : 'local';
}
