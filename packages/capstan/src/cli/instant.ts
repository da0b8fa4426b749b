import { InvalidArgumentError } from 'commander';

/** Parses a point in time, ISO 8601. @throws InvalidArgumentError, which commander shows as a usage error */
export function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('Write a date or a time, e.g. 2013-05-01 or 2013-05-01T06:00Z.');
  return at;
}
