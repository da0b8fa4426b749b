/**
 * A fixed, evenly spread number in [0, 1) for a key: who gets which arm.
 *
 * Owns the hash; routing compares its value with a share. The same key and salt give the same number in every process
 * and release, so a user stays in the arm while the share only grows; another salt (the rollout's id) reshuffles all.
 * It is not meant to withstand someone who chooses keys to land in an arm.
 */

const encoder = new TextEncoder();

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mixBlock(block: number): number {
  return Math.imul(rotateLeft(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

/** Four bytes, lowest first; the bytes past the end count as zero. */
function readBlock(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** MurmurHash3 x86 32-bit of `bytes` (A. Appleby, public domain). */
function murmur3(bytes: Uint8Array, seed: number): number {
  const wholeLength = bytes.length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < wholeLength; at += 4) {
    hash = Math.imul(rotateLeft(hash ^ mixBlock(readBlock(bytes, at)), 13), 5) + 0xe6546b64;
  }
  if (wholeLength < bytes.length) hash ^= mixBlock(readBlock(bytes, wholeLength));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** MurmurHash3 (x86, 32 bits) of the UTF-8 bytes of `text`: a whole number in [0, 2^32). */
export function murmur3Of(text: string, seed: number): number {
  return murmur3(encoder.encode(text), seed);
}

const SECOND_SEED = 0x9747b28c;

/**
 * A number in [0, 1), a multiple of 2^-53, from two 32-bit hashes of the key; each is seeded by a hash of the salt, so
 * that (salt, key) pairs that read the same end to end differ.
 */
export function hashToUnit(key: string, salt: string): number {
  const bytes = encoder.encode(key);
  const high = murmur3(bytes, murmur3Of(salt, 0)) >>> 5;
  const low = murmur3(bytes, murmur3Of(salt, SECOND_SEED)) >>> 6;
  return (high * 2 ** 26 + low) / 2 ** 53;
}
