import { randomBytes } from 'node:crypto';

/** Makes identifiers: `prefix_` and 26 letters or digits that sort by time of making. */
export interface Ids {
  next(prefix: string): string;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

function encode(value: bigint, length: number): string {
  let text = '';
  let rest = value;
  for (let index = 0; index < length; index++) {
    text = (ALPHABET[Number(rest & 31n)] ?? '0') + text;
    rest >>= 5n;
  }
  return text;
}

/** ULID-like ids: 48 bits of wall time, 80 bits of randomness, Crockford base 32 in lower case. */
export const randomIds: Ids = {
  next(prefix) {
    const random = BigInt(`0x${randomBytes(10).toString('hex')}`);
    return `${prefix}_${encode(BigInt(Date.now()), 10)}${encode(random, 16)}`;
  },
};
