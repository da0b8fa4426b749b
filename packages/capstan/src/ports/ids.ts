import { randomFillSync } from 'node:crypto';

/** Makes identifiers: `prefix_` and 26 letters or digits that sort by time of making. */
export interface Ids {
  next(prefix: string): string;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Digits of a time in milliseconds: enough for 50 bits. */
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;
const POOL_BYTES = 4_096;

/** Random bytes are drawn many at a time: a call for a few costs as much as one for thousands. */
const pool = Buffer.alloc(POOL_BYTES);
let drawn = POOL_BYTES;

function timeText(time: number): string {
  let text = '';
  let rest = time;
  for (let index = 0; index < TIME_LENGTH; index++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomText(): string {
  if (drawn + RANDOM_LENGTH > POOL_BYTES) {
    randomFillSync(pool);
    drawn = 0;
  }
  let text = '';
  for (let index = 0; index < RANDOM_LENGTH; index++) text += ALPHABET.charAt(pool.readUInt8(drawn + index) & 31);
  drawn += RANDOM_LENGTH;
  return text;
}

/** ULID-like ids: 48 bits of wall time, 80 bits of randomness, Crockford base 32 in lower case. */
export const randomIds: Ids = {
  next(prefix) {
    return `${prefix}_${timeText(Date.now())}${randomText()}`;
  },
};
