import { QUOTA_PERIODS_MS, type Quota } from '@capstan/api';

/**
 * A token bucket (RFC 2697's committed burst, on a continuous clock): it holds this process's share of the quota's amount
 * when it is full, and fills at that share in the quota's period. In any time t it lets through at most its share of
 * amount + amount × t / period, and no more than what one request over its share adds once: a request that is larger than
 * the share, and not than the quota, waits for a full bucket and leaves it in debt. Times: milliseconds of one clock.
 */
export class TokenBucket {
  readonly quota: Quota;
  #share = 1;
  /** Below zero: in debt. */
  #level: number;
  #filledAt: number;

  /** Full at the beginning. */
  constructor(quota: Quota, share: number, now: number) {
    this.quota = quota;
    this.#share = share;
    this.#level = quota.amount * share;
    this.#filledAt = now;
  }

  /** Another share of the quota, from 0 to 1, from now on; what is in the bucket is shared likewise. */
  share(share: number, now: number): void {
    this.#fill(now);
    this.#level *= share / this.#share;
    this.#share = share;
  }

  /** Takes a cost, which is at most the quota's amount. Returns 0, or after how many milliseconds it is worth another try. */
  take(cost: number, now: number): number {
    const waitMs = this.waitMs(cost, now);
    if (waitMs === 0) this.#level -= cost;
    return waitMs;
  }

  /** What would have been taken, for costs that are known too late. */
  charge(cost: number): void {
    this.#level -= cost;
  }

  /** 0 where the cost could be taken now. */
  waitMs(cost: number, now: number): number {
    this.#fill(now);
    const missing = Math.min(cost, this.#size()) - this.#level;
    return missing <= ROUNDING ? 0 : missing / this.#perMs();
  }

  /** What could be taken now, in whole tokens. */
  left(now: number): number {
    this.#fill(now);
    return Math.max(0, Math.floor(this.#level + ROUNDING));
  }

  #fill(now: number): void {
    const passed = Math.max(0, now - this.#filledAt);
    this.#filledAt = Math.max(now, this.#filledAt);
    this.#level = Math.min(this.#size(), this.#level + passed * this.#perMs());
  }

  #size(): number {
    return this.quota.amount * this.#share;
  }

  #perMs(): number {
    return this.#size() / QUOTA_PERIODS_MS[this.quota.per];
  }
}

/** Of sums of floating-point numbers. */
const ROUNDING = 1e-6;
