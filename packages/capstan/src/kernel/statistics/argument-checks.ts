/**
 * Argument checks shared by the statistics of this folder.
 *
 * Owns the one way a statistic refuses bad input: a `RangeError` whose message names the argument. It knows no
 * statistics. Callers outside the kernel check their own input first and answer with a `DomainError`; a `RangeError`
 * from here means that a caller has a fault, not that a user has.
 */

/** Throws a RangeError unless `value` is a finite number. */
export function requireFinite(name: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be a finite number, got ${value}`);
}

/** Throws a RangeError unless `value` is finite and zero or more. */
export function requireNonNegative(name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`${name} must be 0 or more, got ${value}`);
}

/** Throws a RangeError unless `value` is finite and more than zero. */
export function requirePositive(name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) throw new RangeError(`${name} must be more than 0, got ${value}`);
}

/** Throws a RangeError unless `value` is in [0, 1]. */
export function requireUnit(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be in [0, 1], got ${value}`);
}

/** Throws a RangeError unless `value` is strictly between 0 and 1 (levels, shares, propensities). */
export function requireOpenUnit(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} must be between 0 and 1 (both excluded), got ${value}`);
}

/** Throws a RangeError unless `value` is a whole number that a double holds exactly, `least` or more. */
export function requireInteger(name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new RangeError(`${name} must be a whole number, ${least} or more, got ${value}`);
  }
}

/** Throws a RangeError unless `values` holds at least one entry and each is a whole number, 0 or more. */
export function requireCounts(name: string, values: ArrayLike<number>): void {
  if (values.length === 0) throw new RangeError(`${name} must not be empty`);
  for (let i = 0; i < values.length; i++) requireInteger(`${name}[${i}]`, values[i] ?? Number.NaN, 0);
}

/** Throws a RangeError unless `values` and `others` have the same length, which must be 1 or more. */
export function requireSameLength(
  name: string,
  values: ArrayLike<unknown>,
  otherName: string,
  others: ArrayLike<unknown>,
): void {
  if (values.length === 0) throw new RangeError(`${name} must not be empty`);
  if (values.length !== others.length) {
    throw new RangeError(
      `${name} and ${otherName} must have the same length, got ${values.length} and ${others.length}`,
    );
  }
}

/** What two vectors of counts over the same bins add up to. Throws RangeError where they are none, or one counts nothing. */
export function requireTotals(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): { readonly referenceTotal: number; readonly currentTotal: number } {
  requireSameLength('reference', reference, 'current', current);
  requireCounts('reference', reference);
  requireCounts('current', current);
  const referenceTotal = Array.from(reference).reduce((sum, count) => sum + count, 0);
  const currentTotal = Array.from(current).reduce((sum, count) => sum + count, 0);
  if (referenceTotal === 0) throw new RangeError('reference must count at least one value');
  if (currentTotal === 0) throw new RangeError('current must count at least one value');
  return { referenceTotal, currentTotal };
}
