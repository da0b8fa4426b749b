import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Reader } from './database.ts';
import { isBehind, newestPage, type NewestFirst } from './newest-first.ts';
import { describeDatabases } from './testing.ts';

interface Listed {
  readonly id: string;
  readonly created_at: number;
}

/** Four come at the same time and three at the next, so that pages end within both. */
const ROWS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id, at) => ({ id, created_at: 10 ** 12 + (at < 4 ? 0 : 1) }));

async function listed(reader: Reader, { behind, limit }: NewestFirst): Promise<Listed[]> {
  const where = behind ? isBehind(behind) : sql`true`;
  const query = sql<Listed>`select id, created_at from listed where ${where} order by created_at desc, id desc limit ${limit}`;
  return (await query.execute(reader)).rows;
}

describeDatabases('a list that is newest first', (open) => {
  test.each([1, 2, 3, 7, 8])('comes %i at a time, each row once', async (limit) => {
    const database = await open();
    await database.write(async (writer) => {
      await sql`create table listed (id text primary key, created_at bigint not null)`.execute(writer);
      for (const { id, created_at: at } of ROWS) await sql`insert into listed values (${id}, ${at})`.execute(writer);
    });
    const read = (page: NewestFirst) => listed(database.read, page);
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await newestPage({ question: 'all', limit, cursor }, read, (row) => [row.created_at, row.id]);
      expect(page.rows.length).toBeGreaterThan(0);
      found.push(...page.rows.map(({ id }) => id));
      expect(found.length).toBeLessThanOrEqual(ROWS.length);
      cursor = page.nextCursor;
      const other = newestPage({ question: 'others', limit, cursor }, read, (row) => [row.created_at, row.id]);
      if (cursor !== undefined) await expect(other).rejects.toThrow('belongs to another search');
    } while (cursor !== undefined);
    expect(found.join('')).toBe('gfedcba');
  });
});
