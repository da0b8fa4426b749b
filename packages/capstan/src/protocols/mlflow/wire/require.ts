import { invalid, type DomainError } from '#kernel/errors';

/** The value of a field that must be there; an empty text is as good as none. @throws DomainError INVALID_ARGUMENT */
export function required<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined || value === '') throw missing(name);
  return value;
}

export function missing(name: string): DomainError {
  return invalid(
    `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
    { field: name },
  );
}

/** How many results a page may have. @throws DomainError INVALID_ARGUMENT */
export function pageSize(value: number | undefined, fallback: number, most: number): number {
  const size = value ?? fallback;
  if (size >= 1 && size <= most) return size;
  throw invalid(
    `Invalid value ${size} for parameter 'max_results' supplied: it must be a positive integer no greater than ${most}.`,
    {
      field: 'max_results',
    },
  );
}
