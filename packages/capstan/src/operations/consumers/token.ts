import { randomInt } from 'node:crypto';
import { sha256 } from '#kernel/digest';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^40 tokens: 238 bits, so that its plain hash tells nobody what it is. */
const LENGTH = 40;
const SHOWN = 6;
/** By which people and secret scanners know what it is. */
const PREFIX = 'cap_';

export interface NewToken {
  readonly token: string;
  /** What may be shown of it. */
  readonly prefix: string;
  readonly sha256: string;
}

/** A token nobody has had: `cap_` and 40 letters or digits. */
export function newToken(): NewToken {
  const secret = Array.from({ length: LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
  const token = PREFIX + secret;
  return { token, prefix: token.slice(0, PREFIX.length + SHOWN), sha256: sha256(token) };
}
