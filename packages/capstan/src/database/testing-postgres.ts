// For tests only: empty databases in the temporary PostgreSQL of a run. To make one takes a quarter of a second, most of it
// for its hundreds of files; to empty one takes a tenth of that. So each worker keeps those it has made.
import { Client } from 'pg';

export interface LentPostgres {
  readonly url: string;
  /** Lets the next test have it. */
  giveBack(): void;
}

/** What a test has filled further than this is made anew: emptied tables keep their pages, which every scan reads. */
const MOST_BYTES = 16 * 2 ** 20;
const ENDS_WITHIN_MS = 10_000;

/** Of this file's tests, by their numbers. */
const lent = new Set<number>();

/**
 * A database that every migration has been applied to, without rows, which nobody else has until it is given back.
 * @param server URL of any database of the server
 * @param template name of the database to copy; what is made from it has a name that begins so
 */
export async function emptyPostgres(server: string, template: string): Promise<LentPostgres> {
  let number = 0;
  while (lent.has(number)) number += 1;
  lent.add(number);
  const name = `${template}_${process.env['VITEST_POOL_ID'] ?? '0'}_${number}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (!(await emptied(url.href))) {
    await ask(server, `drop database if exists ${name} with (force)`);
    await ask(server, `create database ${name} template ${template}`);
    const [shape] = await ask(url.href, SHAPE);
    await ask(url.href, `comment on schema public is '${shape}'`);
  }
  return { url: url.href, giveBack: () => void lent.delete(number) };
}

/** Of tables, indexes, columns, triggers and functions: another one where a test has changed any of them. */
const SHAPE = `select md5(concat(
  (select string_agg(concat(oid, relname, relnatts, relchecks), ',' order by oid) from pg_class
    where relnamespace = 'public'::regnamespace),
  (select string_agg(oid::text, ',' order by oid) from pg_trigger where not tgisinternal),
  (select string_agg(oid::text, ',' order by oid) from pg_proc where pronamespace = 'public'::regnamespace),
  (select string_agg(nspname, ',' order by oid) from pg_namespace where nspname !~ '^pg_')))`;
const SHAPE_AS_MADE = `select obj_description('public'::regnamespace, 'pg_namespace')`;
const BYTES = `select sum(pg_relation_size(oid)) from pg_class where relnamespace = 'public'::regnamespace`;
/** A process that a test has killed may be about to commit. */
const END_OTHERS = `select count(pg_terminate_backend(pid, ${ENDS_WITHIN_MS})) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;
const TABLES = `select string_agg(format('%I', relname), ',') from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migrations'`;

/** Whether the database is there and as it was made but for its rows, which are gone then. */
async function emptied(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
  } catch {
    return false;
  }
  try {
    const one = async (query: string): Promise<string> => (await firstColumn(client, query))[0] ?? '';
    await one(END_OTHERS);
    if ((await one(SHAPE)) !== (await one(SHAPE_AS_MADE)) || Number(await one(BYTES)) > MOST_BYTES) return false;
    const tables = (await one(TABLES)).split(',');
    // As one statement: that rows which refer to others go with them is looked at when it ends.
    await client.query(`with ${tables.map((table, at) => `_${at} as (delete from ${table})`).join(', ')} select 1`);
    return true;
  } finally {
    await client.end();
  }
}

/** Asks on a connection of its own. Returns the first column, as text. */
export async function ask(url: string, query: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await firstColumn(client, query);
  } finally {
    await client.end();
  }
}

async function firstColumn(client: Client, query: string): Promise<string[]> {
  const { rows } = await client.query<(string | number | null)[]>({ text: query, rowMode: 'array' });
  return rows.map(([value]) => String(value ?? ''));
}
