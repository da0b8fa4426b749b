import { InvalidArgumentError } from 'commander';

const MOST = 1_000;

/** Parses `--limit`. @throws InvalidArgumentError, which commander shows as a usage error */
export function pageSize(text: string): number {
  const size = Number(text);
  if (Number.isInteger(size) && size >= 1 && size <= MOST) return size;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST}.`);
}
