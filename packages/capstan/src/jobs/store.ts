import { sql, type Insertable, type RawBuilder, type Selectable } from 'kysely';
import { prepared, type Database, type Reader, type Schema, type WriteOptions, type Writer } from '#database';
import { outboundKinds } from './kinds.ts';
import type { JobsSummary } from './service.ts';

export type JobRow = Selectable<Schema['jobs']>;

/** Some kinds have places of their own; the other lane is that of all kinds but them. */
export interface Lane {
  readonly kinds: readonly string[];
  readonly isOfOthers: boolean;
}

export interface Claim {
  readonly owner: string;
  /** Business time: jobs whose `run_at` is later wait. */
  readonly now: number;
  /** Real time: for leases and back-off. */
  readonly realNow: number;
  readonly limit: number;
  readonly lane: Lane;
  leaseMs(kind: string): number;
}

/** Returns the id, or null when an open job holds the unique key. */
export async function insert(writer: Writer, row: Insertable<Schema['jobs']>): Promise<string | null> {
  const inserted = await writer
    .insertInto('jobs')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id ?? null;
}

/** Whether a claim would find anything; asks without writing, so that looking for work makes no work. */
export async function hasClaimable(reader: Reader, claim: Pick<Claim, 'now' | 'realNow' | 'lane'>): Promise<boolean> {
  const { rows } = await sql`select 1 from jobs where ${claimable(claim)} limit 1`.execute(reader);
  return rows.length > 0;
}

function claimable({ now, realNow, lane }: Pick<Claim, 'now' | 'realNow' | 'lane'>) {
  const operator = lane.isOfOthers ? sql`not in` : sql`in`;
  return sql<boolean>`${due(sql`${now}`, sql`${realNow}`)} and kind ${operator} (${sql.join(lane.kinds)})`;
}

const due = (now: RawBuilder<unknown>, realNow: RawBuilder<unknown>) =>
  sql`((state = 'available' and run_at <= ${now} and not_before <= ${realNow})
    or (state = 'running' and lease_until < ${realNow}))`;

const selectDue = prepared<Pick<Claim, 'now' | 'realNow'>>(
  (given) => sql`select 1 from jobs where ${due(given('now'), given('realNow'))} limit 1`,
);

/** Whether any lane may have work: what is asked after every commit, of which next to none brings some. */
export async function hasDue(reader: Reader, { now, realNow }: Pick<Claim, 'now' | 'realNow'>): Promise<boolean> {
  return (await selectDue(reader, { now, realNow })).rows.length > 0;
}

/**
 * On SQLite the owner is the only process there is: a power failure that takes back what it noted of a lease or an end takes
 * the owner too, and the job is run again, which its handler allows for.
 */
const LOST_WITH_ITS_OWNER: WriteOptions = { canBeRedone: true };

/** Takes jobs that are due or whose owner has let its lease run out; each claim raises the fence. */
export function claim(database: Database, claim: Claim): Promise<JobRow[]> {
  return database.write(async (writer) => {
    const due = await sql<JobRow>`
      select * from jobs where ${claimable(claim)}
       order by priority desc, run_at, created_at, id
       limit ${claim.limit} ${database.dialect.forUpdateSkipLocked}`.execute(writer);
    const claimed: JobRow[] = [];
    for (const row of due.rows) {
      const updated = await writer
        .updateTable('jobs')
        .set({
          state: 'running',
          attempt: row.attempt + 1,
          fence: row.fence + 1,
          lease_owner: claim.owner,
          lease_until: claim.realNow + claim.leaseMs(row.kind),
        })
        .where('id', '=', row.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      claimed.push(updated);
    }
    return claimed;
  }, LOST_WITH_ITS_OWNER);
}

/** Renews a lease. False when another owner has taken the job over or it was cancelled. */
export async function renew(database: Database, id: string, fence: number, leaseUntil: number): Promise<boolean> {
  const result = await database.write(
    (writer) =>
      writer
        .updateTable('jobs')
        .set({ lease_until: leaseUntil })
        .where('id', '=', id)
        .where('fence', '=', fence)
        .where('state', '=', 'running')
        .executeTakeFirst(),
    LOST_WITH_ITS_OWNER,
  );
  return result.numUpdatedRows > 0n;
}

/** Ends or returns a job, if the fence is still the caller's. */
export async function settle(
  database: Database,
  job: { id: string; fence: number },
  outcome: { state: 'done' | 'discarded' | 'available'; error?: string; notBefore?: number; finishedAt?: number },
): Promise<boolean> {
  const result = await database.write(
    (writer) =>
      writer
        .updateTable('jobs')
        .set({
          state: outcome.state,
          lease_owner: null,
          lease_until: null,
          last_error: outcome.error ?? null,
          not_before: outcome.notBefore ?? 0,
          finished_at: outcome.finishedAt ?? null,
        })
        .where('id', '=', job.id)
        .where('fence', '=', job.fence)
        .where('state', '=', 'running')
        .executeTakeFirst(),
    LOST_WITH_ITS_OWNER,
  );
  return result.numUpdatedRows > 0n;
}

export async function cancel(writer: Writer, id: string, now: number): Promise<boolean> {
  const result = await writer
    .updateTable('jobs')
    .set({ state: 'cancelled', finished_at: now, lease_owner: null, lease_until: null })
    .where('id', '=', id)
    .where('state', 'in', ['available', 'running'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Gives back what processes that no longer exist had claimed; right only where this is the only process. */
export async function releaseOthers(database: Database, owner: string): Promise<number> {
  const result = await database.write((writer) =>
    writer
      .updateTable('jobs')
      .set({ state: 'available', lease_owner: null, lease_until: null })
      .where('state', '=', 'running')
      .where('lease_owner', '!=', owner)
      .executeTakeFirst(),
  );
  return Number(result.numUpdatedRows);
}

/** A call outside that waits for its next try is for later: nothing here is to do until then. */
export async function summary(reader: Reader, now: number, realNow: number): Promise<JobsSummary> {
  const isForLater = sql<boolean>`(run_at > ${now} or
    (not_before > ${realNow} and kind in (${sql.join(outboundKinds)})))`;
  const { rows } = await sql<Record<keyof JobsSummary, number | null>>`
    select sum(case when state = 'available' and not ${isForLater} then 1 else 0 end) as due,
           sum(case when state = 'running' then 1 else 0 end) as running,
           sum(case when state = 'available' and ${isForLater} then 1 else 0 end) as scheduled,
           sum(case when state = 'discarded' then 1 else 0 end) as discarded
      from jobs where state in ('available', 'running', 'discarded')`.execute(reader);
  const row = rows[0];
  return {
    due: Number(row?.due ?? 0),
    running: Number(row?.running ?? 0),
    scheduled: Number(row?.scheduled ?? 0),
    discarded: Number(row?.discarded ?? 0),
  };
}

/** Removes jobs that ended before a time; discarded ones stay for people to look at. Returns how many. */
export async function sweep(database: Database, endedBefore: number): Promise<number> {
  const result = await database.write((writer) =>
    writer
      .deleteFrom('jobs')
      .where('state', 'in', ['done', 'cancelled'])
      .where('finished_at', '<', endedBefore)
      .executeTakeFirst(),
  );
  return Number(result.numDeletedRows);
}
