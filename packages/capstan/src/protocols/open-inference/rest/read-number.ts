// One JSON number, read from bytes as the double that JSON.parse would make of it, to the bit.

/** Ten to this and less is exact as a double. */
const MAX_EXACT_POWER = 22;
const SPLITTER = 2 ** 27 + 1;
const POWERS = Float64Array.from({ length: MAX_EXACT_POWER + 1 }, (_, power) => Number(`1e${power}`));
const POWERS_HIGH = POWERS.map(highHalf);
const POWERS_LOW = POWERS.map((value, power) => value - (POWERS_HIGH[power] ?? 0));
/** Digits in one half of a number: what 32 bits surely hold. */
const HALF = 9;

const COMMA = 0x2c;
const CLOSE = 0x5d;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const LOWER_E = 0x65;
const UPPER_E = 0x45;

/** Whether the text of the last number read may say more than its double: over 15 digits without a point, or an exponent. */
export const lastNumber = { isLong: false };

/**
 * Reads the number at an offset into `values[index]`; what a function returns as a double costs an object. Up to 18 digits
 * are held exactly in two halves and divided by an exact power of ten, with the rounding error of the quotient known
 * (Dekker's double-length arithmetic); where that leaves the last bit open, and for all that is longer or has an exponent,
 * Number reads the text.
 * @param view of the same bytes
 * @returns the offset behind it; -1 where there is no number by JSON's grammar
 */
export function readNumber(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  values: Float64Array,
  index: number,
): number {
  const four = bytes.length - 4;
  let at = from;
  let byte = bytes[at] as number;
  const isNegative = byte === MINUS;
  if (isNegative) byte = bytes[++at] as number;
  const first = at;
  let high = 0;
  let low = 0;
  let digits = 0;
  let lowDigits = 0;
  if (byte === ZERO) {
    byte = bytes[++at] as number;
  } else {
    while (byte >= ZERO && byte <= 0x39) {
      if (digits < HALF) {
        high = (high * 10 + byte - ZERO) | 0;
        digits += 1;
      } else {
        if (lowDigits < HALF) low = (low * 10 + byte - ZERO) | 0;
        lowDigits += 1;
      }
      byte = bytes[++at] as number;
    }
  }
  if (at === first) return -1;
  lastNumber.isLong = false;
  if (lowDigits === 0 && (byte === COMMA || byte === CLOSE)) {
    values[index] = isNegative ? -high : high;
    return at;
  }
  let decimals = 0;
  if (byte === POINT) {
    const start = ++at;
    byte = bytes[at] as number;
    if (digits === 0) while (byte === ZERO) byte = bytes[++at] as number;
    while (digits <= HALF - 4 && at <= four) {
      const value = fourDigits(view.getInt32(at, true));
      if (value < 0) break;
      high = (high * 10_000 + value) | 0;
      digits += 4;
      at += 4;
    }
    byte = bytes[at] as number;
    while (digits < HALF && byte >= ZERO && byte <= 0x39) {
      high = (high * 10 + byte - ZERO) | 0;
      digits += 1;
      byte = bytes[++at] as number;
    }
    if (byte >= ZERO && byte <= 0x39) {
      while (lowDigits <= HALF - 4 && at <= four) {
        const value = fourDigits(view.getInt32(at, true));
        if (value < 0) break;
        low = (low * 10_000 + value) | 0;
        lowDigits += 4;
        at += 4;
      }
      byte = bytes[at] as number;
      while (byte >= ZERO && byte <= 0x39) {
        if (lowDigits < HALF) low = (low * 10 + byte - ZERO) | 0;
        lowDigits += 1;
        byte = bytes[++at] as number;
      }
    }
    decimals = at - start;
    if (decimals === 0) return -1;
  } else {
    if (byte >= ZERO && byte <= 0x39) return -1;
    lastNumber.isLong = lowDigits > 6;
  }
  if (byte === LOWER_E || byte === UPPER_E) {
    const end = endOfExponent(bytes, at + 1);
    lastNumber.isLong = true;
    if (end >= 0) values[index] = readText(bytes, from, end);
    return end;
  }
  if (lowDigits > HALF || decimals > MAX_EXACT_POWER) {
    values[index] = readText(bytes, from, at);
    return at;
  }
  let value = high;
  if (lowDigits === 0) {
    if (decimals !== 0) value = high / (POWERS[decimals] as number);
  } else {
    const upper = high * (POWERS[lowDigits] as number);
    if (lowDigits > 6) value = quotient(upper, low, decimals);
    else if (decimals === 0) value = upper + low;
    else value = (upper + low) / (POWERS[decimals] as number);
    if (value !== value) value = Math.abs(readText(bytes, from, at));
  }
  values[index] = isNegative ? -value : value;
  return at;
}

/** Four characters at once, the first in the lowest byte; -1 unless all are digits. */
function fourDigits(word: number): number {
  if (((word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4)) !== 0x33333333) return -1;
  const pairs = (Math.imul(word & 0x0f0f0f0f, 10) + ((word & 0x0f0f0f0f) >>> 8)) & 0x00ff00ff;
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff;
}

/** (high + low) / 10^power, both exact; NaN where the last bit is too close to call. */
function quotient(high: number, low: number, power: number): number {
  const sum = high + low;
  const lost = low - (sum - high);
  const divisor = POWERS[power] as number;
  const guess = sum / divisor;
  const guessHigh = highHalf(guess);
  const guessLow = guess - guessHigh;
  const divisorHigh = POWERS_HIGH[power] as number;
  const divisorLow = POWERS_LOW[power] as number;
  const product = guess * divisor;
  const productLost =
    guessHigh * divisorHigh - product + guessHigh * divisorLow + guessLow * divisorHigh + guessLow * divisorLow;
  const correction = (sum - product - productLost + lost) / divisor;
  const value = guess + correction;
  const rest = correction - (value - guess);
  return value + rest * 1.0000001 === value ? value : Number.NaN;
}

function highHalf(value: number): number {
  const scaled = SPLITTER * value;
  return scaled - (scaled - value);
}

function endOfExponent(bytes: Uint8Array, behindLetter: number): number {
  let at = behindLetter;
  if (bytes[at] === MINUS || bytes[at] === PLUS) at += 1;
  const first = at;
  while ((bytes[at] as number) >= ZERO && (bytes[at] as number) <= 0x39) at += 1;
  return at === first ? -1 : at;
}

function readText(bytes: Uint8Array, from: number, end: number): number {
  let text = '';
  for (let at = from; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return Number(text);
}
