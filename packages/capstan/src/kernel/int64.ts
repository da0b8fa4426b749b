/** A 64-bit integer as exactly as needed: a number while that is exact, a bigint beyond ±(2^53 - 1). */
export type Int64 = number | bigint;

const GREATEST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);

/** The integer that decimal text stands for; undefined for other text and for what 64 bits do not hold. */
export function parseInt64(text: string): Int64 | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const asNumber = Number(text);
  if (Number.isSafeInteger(asNumber)) return asNumber;
  const exact = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return exact >= LEAST && exact <= GREATEST ? exact : undefined;
}

/** The integer that a database wrote as text: known to be one. */
export function readInt64(text: string): Int64 {
  return text.length < 16 ? Number(text) : (parseInt64(text) ?? Number(text));
}

/** Below 0, 0 or above, as sort functions want it. */
export function compareInt64(a: Int64, b: Int64): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
