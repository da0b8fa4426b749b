import type { IncomingHttpHeaders } from 'node:http';
import { errorCodes, type ServedConsumer } from '@capstan/api';
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
  /** SHA-256 of that token. */
  readonly tokenHash: string | null;
  readonly refusal: DomainError | undefined;
  /** First hex digits of the SHA-256 of a token that is not known; null for callers without one. */
  readonly unknownToken: string | null;
  readonly #facts: CallerFacts;
  /** What it asked; null while it has asked nothing that is served, empty where it was refused before. */
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
      readonly tokenHash?: string;
      readonly refusal?: DomainError;
      readonly unknownToken?: string;
    },
  ) {
    this.actor = is.actor;
    this.grants = is.grants;
    this.known = is.known;
    this.token = is.token;
    this.tokenHash = is.tokenHash ?? null;
    this.refusal = is.refusal;
    this.unknownToken = is.unknownToken ?? null;
    this.#facts = facts;
  }

  /** Notes of one that was refused for its token what it would have asked: nothing had looked at that. */
  endsWith(status: number, asked: Readonly<Record<string, string>>, isServed: (deployment: string) => boolean): void {
    if (this.unknownToken === null || status !== errorCodes.UNAUTHENTICATED.status) return;
    const name = asked['model'] ?? asked['deployment'] ?? '';
    this.deployment = isServed(name) ? name : '';
    this.isRefused = true;
  }

  /** Whether both tell the same of who they are. */
  isSameCaller(other: Caller): boolean {
    return (
      this.consumer === other.consumer &&
      this.unknownToken === other.unknownToken &&
      this.#facts.remoteAddress === other.#facts.remoteAddress &&
      this.#facts.headers['user-agent'] === other.#facts.headers['user-agent']
    );
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
