/** Repeatable randomness for the simulations in the tests of this folder; never for the product. */

export interface SeededRandom {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Standard normal. */
  readonly normal: () => number;
  /** True with the given chance. */
  readonly chance: (probability: number) => boolean;
}

/** SplitMix32 from a whole-number seed (the 32-bit relative of Steele, Lea and Flood 2014). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const uniform = (): number => next() / 2 ** 32;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal, chance: (probability) => uniform() < probability };
}
