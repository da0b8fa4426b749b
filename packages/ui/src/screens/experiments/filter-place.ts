import { ApiError } from '@capstan/client/calls';

/** Where a filter is wrong, and why, as the server says; undefined where it is something else that failed. */
export function filterPlaceOf(error: unknown): { position: number; length: number; message: string } | undefined {
  if (!(error instanceof ApiError) || error.problem.field !== 'filter') return undefined;
  const { position, length } = error.problem.details ?? {};
  if (typeof position !== 'number') return undefined;
  // Below its first line, the reason shows the place too.
  const [reason = ''] = error.problem.detail.split('\n');
  const hint = error.problem.hint === undefined ? '' : ` ${error.problem.hint}`;
  return { position, length: typeof length === 'number' ? Math.max(1, length) : 1, message: reason + hint };
}
