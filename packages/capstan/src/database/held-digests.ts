import { sql } from 'kysely';
import type { Reader } from './database.ts';
import type { Schema } from './schema/index.ts';

/** A column whose text is a digest of a blob, or JSON that holds some. */
export interface DigestPlace {
  readonly table: keyof Schema;
  /** Its primary key, by which it is read in portions. */
  readonly key: readonly [string, ...string[]];
  readonly column: string;
}

type BlobDigest = `sha256:${string}`;

const PORTION = 2_000;
const DIGESTS = /sha256:[0-9a-f]{64}/g;

/** Every digest in the column, each perhaps more than once; rows that `isLeftOut` says yes to (by key) are skipped. */
export async function* digestsIn(
  reader: Reader,
  { table, key, column }: DigestPlace,
  isLeftOut: (key: Readonly<Record<string, unknown>>) => boolean = () => false,
): AsyncIterable<BlobDigest> {
  const keys = sql.join(key.map((name) => sql.ref(name)));
  let behind: readonly unknown[] | undefined;
  for (;;) {
    const after = behind ? sql`and (${keys}) > (${sql.join(behind)})` : sql``;
    const { rows } = await sql<Record<string, unknown>>`
      select ${keys}, ${sql.ref(column)} as digest_text from ${sql.table(table)}
       where ${sql.ref(column)} is not null ${after} order by ${keys} limit ${sql.lit(PORTION)}`.execute(reader);
    for (const row of rows) {
      if (isLeftOut(row)) continue;
      for (const [digest] of String(row['digest_text']).matchAll(DIGESTS)) yield digest as BlobDigest;
    }
    const last = rows.at(-1);
    if (!last || rows.length < PORTION) return;
    behind = key.map((name) => last[name]);
  }
}
