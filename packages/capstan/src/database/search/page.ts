import { sql, type RawBuilder } from 'kysely';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import type { Reader } from '../database.ts';
import { allOf } from './condition.ts';
import { behind, orderBy, sortColumns, sortValues, type SortKey } from './sort.ts';

export interface PageQuery {
  /** What is selected: `r.*`. */
  readonly columns: RawBuilder<unknown>;
  /** Tables with their joins. */
  readonly from: RawBuilder<unknown>;
  readonly conditions: readonly RawBuilder<unknown>[];
  /** The last of them tells any two rows apart. */
  readonly keys: readonly SortKey[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken?: string;
}

/** One page, starting behind the row that its token names: as fast far in as at the start, and without gaps. */
export async function pageOf<Row extends object>(reader: Reader, query: PageQuery): Promise<Page<Row>> {
  const { columns, from, keys, limit, pageToken, question } = query;
  const start = pageToken === undefined ? [] : [behind(keys, readPageToken(pageToken, question, keys.length))];
  const { rows } = await sql<Row>`
    select ${columns}, ${sortColumns(keys)} from ${from} where ${allOf([...query.conditions, ...start])}
     order by ${orderBy(keys)} limit ${limit + 1}`.execute(reader);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (!last || rows.length <= limit) return { rows: page };
  return { rows: page, nextPageToken: writePageToken(question, sortValues(last, keys.length)) };
}

/** How many rows meet the conditions. */
export async function countOf(
  reader: Reader,
  from: RawBuilder<unknown>,
  conditions: readonly RawBuilder<unknown>[],
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${from} where ${allOf(conditions)}`.execute(reader);
  return Number(rows[0]?.count ?? 0);
}
