import type { RawRequest } from '#http';
import { invalid } from '#kernel/errors';

/** What the address has at its end, decoded once by the router. @throws DomainError INVALID_ARGUMENT for nothing */
export function placeOf(request: RawRequest): string {
  const place = request.params['*'] ?? '';
  if (place === '') throw invalid('Invalid path: it is empty', { field: 'path' });
  return place;
}
