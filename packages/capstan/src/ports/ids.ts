import { randomFillSync } from 'node:crypto';

/** Makes identifiers: `prefix_` and 26 letters or digits that sort by time of making. */
export interface Ids {
  next(prefix: string): string;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Digits of a time in milliseconds: enough for 50 bits. */
const TIME_LENGTH = 10;
/** Digits that count within a millisecond. */
const COUNTER_LENGTH = 2;
const RANDOM_LENGTH = 14;
const POOL_BYTES = 4_096;

/** Random bytes are drawn many at a time: a call for a few costs as much as one for thousands. */
const pool = Buffer.alloc(POOL_BYTES);
let drawn = POOL_BYTES;

function digits(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let index = 0; index < length; index++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

let lastTime = 0;
let counter = 0;

/** Of those made in one millisecond, the later sorts behind; past a thousand of them, in no order. */
function orderText(): string {
  const time = Date.now();
  counter = time === lastTime ? Math.min(counter + 1, 32 ** COUNTER_LENGTH - 1) : 0;
  lastTime = time;
  return digits(time, TIME_LENGTH) + digits(counter, COUNTER_LENGTH);
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

/** ULID-like ids: 48 bits of wall time, 10 that count, 70 of randomness, Crockford base 32 in lower case. */
export const randomIds: Ids = {
  next(prefix) {
    return `${prefix}_${orderText()}${randomText()}`;
  },
};
