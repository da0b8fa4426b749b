import { sql } from 'kysely';
import { prepared, type Reader, type Writer } from '#database';

type Counted = readonly ['experiments', 'id'] | readonly ['runs', 'key'];

const settingOf = (table: string) => `${table}.greatest`;

const greatest = (table: string, column: string) =>
  prepared<{}, { greatest: number | null }>(
    () => sql`select max(number) as greatest from (
      select max(${sql.ref(column)}) as number from ${sql.table(table)}
      union all select cast(value as bigint) from settings where name = ${settingOf(table)}) as numbers`,
  );
/** A new run asks for it: the text is made once. */
const questions = { experiments: greatest('experiments', 'id'), runs: greatest('runs', 'key') } as const;

/** The greatest number that the table has or had before a purge; -1 where it never had any. */
export async function greatestEver(reader: Reader, ...[table]: Counted): Promise<number> {
  const { rows } = await questions[table](reader, {});
  return Number(rows[0]?.greatest ?? -1);
}

/** Notes the greatest number before rows are purged, so that what comes later is never taken for what was. */
export async function keepGreatest(writer: Writer, ...counted: Counted): Promise<void> {
  const value = String(await greatestEver(writer, ...counted));
  await writer
    .insertInto('settings')
    .values({ name: settingOf(counted[0]), value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
