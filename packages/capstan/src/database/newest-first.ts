import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';

/** Which rows of a list that is newest first, by `created_at` and `id`. */
export interface NewestFirst {
  /** Only rows behind this one. */
  readonly behind?: { readonly createdAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** Holds for rows behind that one. */
export function isBehind({ createdAt, id }: Required<NewestFirst>['behind'] & object): RawBuilder<SqlBool> {
  return sql<SqlBool>`(created_at < ${createdAt} or (created_at = ${createdAt} and id < ${id}))`;
}

interface PageRequest {
  /** What is asked, so that a cursor is not taken for another list. */
  readonly question: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * A page of a list, and the cursor of the next one where there is more.
 * @param keyOf time and id of a row
 * @throws DomainError INVALID_ARGUMENT for a cursor of another list
 */
export async function newestPage<Row>(
  { question, limit, cursor }: PageRequest,
  read: (page: NewestFirst) => Promise<readonly Row[]>,
  keyOf: (row: Row) => readonly [number, string],
): Promise<{ rows: Row[]; nextCursor?: string }> {
  const [createdAt, id] = cursor === undefined ? [] : readPageToken(cursor, question, 2);
  const behind = cursor === undefined ? undefined : { createdAt: Number(createdAt), id: String(id) };
  const found = await read({ behind, limit: limit + 1 });
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (last === undefined || found.length <= limit) return { rows };
  return { rows, nextCursor: writePageToken(question, keyOf(last)) };
}
