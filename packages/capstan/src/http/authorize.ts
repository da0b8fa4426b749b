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
  /** Name of the consumer whose token it showed; null or left out for none. */
  readonly consumer?: string | null;
  /** Why what it showed of itself is not taken: calls that are not public end with it. */
  readonly refusal?: DomainError | undefined;
}

/** What tells of the caller, whether it speaks HTTP/1 or gRPC. */
export interface Called {
  readonly headers: IncomingMessage['headers'];
  readonly remoteAddress: string | undefined;
}

/** Tells who sent a request; null where that is nobody known. */
export type Identify = (called: Called) => Principal | null;

/**
 * The one place that decides whether a call may be made. Whatever is not granted is denied.
 * @throws DomainError UNAUTHENTICATED without a principal, PERMISSION_DENIED without the grant, or the principal's refusal
 */
export function authorize(principal: Principal | null, route: Pick<AnyRoute, 'name' | 'permission'>): void {
  const { name, permission } = route;
  if (permission === 'public') return;
  if (!principal) throw new DomainError('UNAUTHENTICATED', `${name} is for those who have logged in`);
  if (principal.refusal) throw principal.refusal;
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
export function identifyLocal(called: Pick<Called, 'headers'>): Principal {
  return { actor: localActor(called), grants: everything };
}

/** A name a local tool gives itself, for the record only; it grants nothing. */
function localActor(request: Pick<Called, 'headers'>): string {
  const given = request.headers['x-capstan-actor'];
  return typeof given === 'string' && /^[\w.@-]{1,64}$/.test(given) ? `local:${given}` : 'local';
}
