import { DomainError } from '#kernel/errors';

/** Of each body: what small ones come to is bounded by the number of connections. */
const FREE_BYTES = 65_536;
/** Of a server that is told nothing else. */
export const MOST_BYTES_IN_HAND = 1_073_741_824;

/**
 * Counts what bodies hold in memory, all of a server together: each is bounded, but many large ones that stop halfway
 * are not. The first bytes of a body are free, so that those who fill the rest do not keep small requests out.
 */
export class BytesInHand {
  readonly #most: number;
  readonly #freeEach: number;
  #bytes = 0;

  constructor(most: number, freeEach = FREE_BYTES) {
    this.#most = most;
    this.#freeEach = freeEach;
  }

  /**
   * A body that has `before` bytes gets `count` more.
   * @throws DomainError RESOURCE_EXHAUSTED when that is too much for all together; nothing is counted then
   */
  take(before: number, count: number): void {
    const more = this.#counted(before + count) - this.#counted(before);
    if (more === 0) return;
    if (this.#bytes + more > this.#most) {
      throw new DomainError('RESOURCE_EXHAUSTED', `${this.#bytes} bytes of requests are in hand already`, {
        hint: 'Try again in a moment.',
      });
    }
    this.#bytes += more;
  }

  /** A body of so many bytes is done with. */
  giveBack(count: number): void {
    this.#bytes -= this.#counted(count);
  }

  #counted(bytes: number): number {
    return Math.max(0, bytes - this.#freeEach);
  }
}
