import type { Quota, ServedAccess, ServedConsumer } from '@capstan/api';
import { formatQuota } from '@capstan/api';
import type { Grant, Principal } from '#http';
import { identifyLocal } from '#http';
import { sha256 } from '#kernel/digest';
import { DomainError } from '#kernel/errors';
import { Caller, type CallerFacts } from './caller.ts';
import { TokenBucket } from './token-bucket.ts';

/** Who may call what, as the snapshot says, and how much. */
export interface Access {
  /** Takes what the snapshot says from now on; undefined: nobody is declared. */
  follow(access: ServedAccess | undefined): void;
  /** Quotas are shared by so many processes. */
  shareAmong(processes: number): void;
  /** Never throws: one whose token is not taken has a refusal, which every call that is not public ends with. */
  identify(facts: CallerFacts): Caller;
  /**
   * Whether the call may go on, without taking anything of a quota.
   * @throws DomainError UNAUTHENTICATED, PERMISSION_DENIED; RESOURCE_EXHAUSTED while nothing of the quota is left
   */
  check(caller: Principal | null | undefined, deployment: string): void;
  /** The same, and takes what so many rows cost. @throws DomainError TOO_LARGE when they never fit the quota */
  enter(caller: Principal | null | undefined, deployment: string, rows: number): void;
  /** Takes what a request cost more than it seemed to when it came. */
  charge(caller: Principal | null | undefined, rows: number): void;
}

const PREFIX = 'cap_';
const LONGEST = 128;
/** Enough to tell one caller from another, and to find the token among those that were issued. */
const SHOWN_OF_HASH = 8;
const BEARER = /^bearer( +|$)/i;
const OF_CONSUMERS: ReadonlySet<Grant> = new Set(['read', 'execute']);
const HINT = 'Send a token of a consumer that may call it: Authorization: Bearer TOKEN.';

interface Known {
  readonly consumer: ServedConsumer;
  readonly token: string;
  readonly expiresAt: number | null;
}

/** `now`: business time; quotas go by the time that passes. */
export function createAccess(now: () => number): Access {
  let byHash: ReadonlyMap<string, Known> = new Map();
  let hasConsumers = false;
  let declaredOnly: ReadonlySet<string> = new Set();
  let buckets: ReadonlyMap<string, TokenBucket> = new Map();
  let share = 1;

  function identify(facts: CallerFacts): Caller {
    const { authorization } = facts.headers;
    const anonymous = (refused: { readonly refusal?: DomainError; readonly unknownToken?: string } = {}): Caller => {
      const { actor, grants } = identifyLocal(facts);
      return new Caller(facts, { actor, grants, known: null, token: null, ...refused });
    };
    if (authorization === undefined) return anonymous();
    const scheme = BEARER.exec(authorization)?.[0];
    // What a proxy asks for is its own business.
    if (scheme === undefined) return anonymous();
    const token = authorization.slice(scheme.length).trim();
    if (!hasConsumers && !token.startsWith(PREFIX)) return anonymous();
    // Looked up by its hash, so that how long that takes tells nothing of the tokens there are.
    const tokenHash = sha256(token);
    const found = token.length > LONGEST ? undefined : byHash.get(tokenHash);
    if (!found || isOver(found)) {
      return anonymous({ refusal: unknownToken(), unknownToken: tokenHash.slice(0, SHOWN_OF_HASH) });
    }
    const { consumer } = found;
    return new Caller(facts, {
      actor: `consumer:${consumer.name}`,
      grants: OF_CONSUMERS,
      known: consumer,
      token: found.token,
      tokenHash,
    });
  }

  /** As the list of consumers has it now: a call that goes on for long is held to what has changed meanwhile. */
  function knownNow({ known, tokenHash }: Caller): ServedConsumer | null {
    if (known === null || tokenHash === null) return null;
    const found = byHash.get(tokenHash);
    if (!found || isOver(found)) throw endedToken(known);
    return found.consumer;
  }

  const isOver = ({ expiresAt }: Known): boolean => expiresAt !== null && expiresAt <= now();

  function allow(caller: Caller | undefined, deployment: string): TokenBucket | undefined {
    if (caller?.refusal) throw caller.refusal;
    const consumer = caller && knownNow(caller);
    if (!consumer) {
      if (!declaredOnly.has(deployment)) return undefined;
      throw new DomainError('UNAUTHENTICATED', `${deployment} answers declared consumers only`, { hint: HINT });
    }
    if (consumer.deployments && !consumer.deployments.includes(deployment)) {
      throw new DomainError('PERMISSION_DENIED', `The consumer ${consumer.name} may not call ${deployment}`, {
        hint: `It may call: ${consumer.deployments.join(', ')}.`,
      });
    }
    return consumer.quota === null ? undefined : buckets.get(consumer.name);
  }

  /** Notes of the caller what it asked, and whether it was let in. */
  function noted(principal: Principal | null | undefined, deployment: string, work: (caller?: Caller) => void): void {
    const caller = principal instanceof Caller ? principal : undefined;
    if (caller) caller.deployment = deployment;
    try {
      work(caller);
    } catch (error) {
      if (caller) caller.isRefused = true;
      throw error;
    }
  }

  return {
    follow(access) {
      const time = performance.now();
      const kept = new Map<string, TokenBucket>();
      for (const { name, quota } of access?.consumers ?? []) {
        if (quota === null) continue;
        const before = buckets.get(name);
        kept.set(name, before && isSame(before.quota, quota) ? before : new TokenBucket(quota, share, time));
      }
      buckets = kept;
      declaredOnly = new Set(access?.declaredOnly);
      hasConsumers = (access?.consumers.length ?? 0) > 0;
      byHash = new Map(
        access?.consumers.flatMap((consumer) =>
          consumer.tokens.map(({ id, sha256: hash, expiresAt }) => [hash, { consumer, token: id, expiresAt }] as const),
        ),
      );
    },
    shareAmong(processes) {
      share = 1 / Math.max(1, processes);
      for (const bucket of buckets.values()) bucket.share(share, performance.now());
    },
    identify,
    check(principal, deployment) {
      noted(principal, deployment, (caller) => {
        const bucket = allow(caller, deployment);
        if (bucket === undefined || !caller?.known) return;
        const waitMs = bucket.waitMs(1, performance.now());
        if (waitMs > 0) throw overQuota(caller.known, bucket, waitMs);
      });
    },
    enter(principal, deployment, rows) {
      noted(principal, deployment, (caller) => {
        const bucket = allow(caller, deployment);
        if (bucket === undefined || !caller?.known) return;
        const cost = bucket.quota.unit === 'rows' ? rows : 1;
        if (cost > bucket.quota.amount) throw neverFits(caller.known, bucket.quota, rows);
        const waitMs = bucket.take(cost, performance.now());
        if (waitMs > 0) throw overQuota(caller.known, bucket, waitMs);
      });
    },
    charge(principal, rows) {
      const consumer = principal instanceof Caller ? principal.known : undefined;
      const bucket = consumer ? buckets.get(consumer.name) : undefined;
      if (bucket?.quota.unit === 'rows') bucket.charge(rows);
    },
  };
}

function isSame(a: Quota, b: Quota): boolean {
  return a.amount === b.amount && a.unit === b.unit && a.per === b.per;
}

function unknownToken(): DomainError {
  return new DomainError('UNAUTHENTICATED', 'The token is not known here: it is wrong, was revoked or has expired', {
    hint: 'capstan consumers rotate NAME issues another one.',
  });
}

function endedToken({ name }: ServedConsumer): DomainError {
  return new DomainError(
    'UNAUTHENTICATED',
    `The token of ${name} is not taken any more: it was revoked or has expired`,
    {
      hint: `capstan consumers rotate ${name} issues another one.`,
    },
  );
}

function overQuota({ name }: ServedConsumer, bucket: TokenBucket, waitMs: number): DomainError {
  const { quota } = bucket;
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new DomainError('RESOURCE_EXHAUSTED', `The consumer ${name} has used up its ${formatQuota(quota)}`, {
    hint: `Try again in ${seconds} s.`,
    details: { consumer: name, quota, left: bucket.left(performance.now()), retryAfterMs: Math.ceil(waitMs) },
  });
}

function neverFits({ name }: ServedConsumer, quota: Quota, rows: number): DomainError {
  return new DomainError('TOO_LARGE', `${rows} rows are more than the ${formatQuota(quota)} of the consumer ${name}`, {
    hint: `Send at most ${quota.amount} rows at once.`,
  });
}
