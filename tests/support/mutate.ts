// Damaged copies of a file, the same ones for the same seed.

/** Numbers in [0, 1) by a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What hurts those who read lengths, counts and dimensions. */
const NASTY = [
  [0x00],
  [0xff],
  [0x7f],
  [0x80],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x10],
];

/** The bytes with one or two of: a flipped bit (most often), a nasty number, a piece cut out, copied elsewhere or blanked, the end cut off. */
export function mutated(bytes: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const random = seeded(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  let damaged = Uint8Array.from(bytes);
  for (let left = 1 + upTo(2); left > 0; left--) {
    const at = upTo(Math.max(1, damaged.length));
    const length = 1 + upTo(Math.min(64, damaged.length));
    const kind = upTo(12);
    if (kind >= 6) damaged[at] = (damaged[at] ?? 0) ^ (1 << upTo(8));
    else if (kind <= 1) damaged.set((NASTY[upTo(NASTY.length)] ?? []).slice(0, damaged.length - at), at);
    else if (kind === 2) damaged = joined(damaged.subarray(0, at), damaged.subarray(at + length));
    else if (kind === 3)
      damaged = joined(damaged.subarray(0, at), damaged.subarray(upTo(at + 1), at), damaged.subarray(at));
    else if (kind === 4) damaged.fill(upTo(256), at, at + length);
    else damaged = damaged.slice(0, Math.max(1, at));
  }
  return damaged;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}
