import { invalid } from '#kernel/errors';

const MAX_RANK = 8;

/**
 * A shape as the caller gave it, checked; that of a scalar is empty.
 * @param at place in the request, `inputs[0]`
 * @throws DomainError INVALID_ARGUMENT naming the input
 */
export function checkedShape(shape: unknown, name: string, at: string): readonly number[] {
  const field = `${at}.shape`;
  if (!Array.isArray(shape))
    throw invalid(`The input '${name}' has no shape`, { field, hint: 'Give a list of sizes.' });
  if (shape.length > MAX_RANK) {
    throw invalid(`The shape of '${name}' has ${shape.length} dimensions; up to ${MAX_RANK} are taken`, { field });
  }
  const wrong = shape.findIndex((size) => !Number.isSafeInteger(size) || (size as number) < 0);
  if (wrong < 0) return shape as number[];
  const said = typeof shape[wrong] === 'number' ? String(shape[wrong]) : `no number`;
  throw invalid(`The shape of '${name}' has ${said} at ${wrong}; whole numbers of 0 or more are needed`, {
    field: `${field}[${wrong}]`,
  });
}

/** Values that a shape holds; no longer exact beyond 2^53, which no body can hold. */
export function valuesIn(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
