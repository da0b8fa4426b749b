import type { IncomingHttpHeaders } from 'node:http';
import type { ServedConsumer } from '@capstan/api';
import type { Grant, Principal } from '#http';
import type { DomainError } from '#kernel/errors';

/** What tells of a caller. */
export interface CallerFacts {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
}

/** Whose call it is, and what it comes to: one for each call. */
export class Caller implements Principal {
  readonly actor: string;
  readonly grants: ReadonlySet<Grant>;
  /** Null for one without a token. */
  readonly known: ServedConsumer | null;
  /** Id of the token it showed. */
  readonly token: string | null;
  readonly refusal: DomainError | undefined;
  readonly #facts: CallerFacts;
  /** What it asked; null while it has asked nothing that is served. */
  deployment: string | null = null;
  /** Rows it was answered. */
  rows = 0;
  /** It may not ask this, or not now. */
  isRefused = false;

  constructor(
    facts: CallerFacts,
    is: {
      readonly actor: string;
      readonly grants: ReadonlySet<Grant>;
      readonly known: ServedConsumer | null;
      readonly token: string | null;
      readonly refusal?: DomainError;
    },
  ) {
    this.actor = is.actor;
    this.grants = is.grants;
    this.known = is.known;
    this.token = is.token;
    this.refusal = is.refusal;
    this.#facts = facts;
  }

  get consumer(): string | null {
    return this.known?.name ?? null;
  }

  /** The product that its user agent names first, without the version: at most 64 letters, digits and `. _ -`. */
  get agent(): string {
    const header = this.#facts.headers['user-agent'];
    return typeof header === 'string' ? (PRODUCT.exec(header)?.[0] ?? '') : '';
  }

  /** Where the call came from; an IPv4 address is told as such. */
  get address(): string {
    const address = this.#facts.remoteAddress ?? '';
    return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  }
}

const PRODUCT = /^[\w.-]{1,64}/;
