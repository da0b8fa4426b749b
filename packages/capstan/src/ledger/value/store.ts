import { sql } from 'kysely';
import type { Reader } from '#database';
import type { Arrivals } from './baseline.ts';

/** An answer that a caller was given. */
export interface AnsweredRow {
  readonly modelVersion: number;
  readonly eventTime: number;
  readonly predictedAt: number;
  readonly probability: number;
  readonly threshold: number;
  readonly decision: number;
  /** Null while the outcome is not known. */
  readonly label: number | null;
  readonly loss: number | null;
  readonly value: number | null;
}

/** About as many as SQLite reads in some 30 ms. */
const PAGE_ROWS = 5_000;

/** Answers of a deployment that callers were given, by event time in `[from, before)`, page by page. */
export async function* answeredPages(
  reader: Reader,
  deployment: string,
  from: number,
  before: number,
  pageRows = PAGE_ROWS,
): AsyncGenerator<AnsweredRow[]> {
  for (let start: number | undefined = from; start !== undefined && start < before;) {
    const next: number | undefined = await nextStart(reader, deployment, start, before, pageRows);
    const { rows } = await sql<AnsweredRow>`
      select model_version as "modelVersion", event_time as "eventTime", predicted_at as "predictedAt",
             probability, threshold, decision, label, loss, value
        from predictions
       where deployment = ${deployment} and event_time >= ${start} and event_time < ${next ?? before}
         and role in ('champion', 'canary', 'fallback') and probability is not null`.execute(reader);
    yield rows;
    start = next;
  }
}

/** Where the page after the one from `start` begins; pages are cut between two event times only. Undefined: nowhere. */
async function nextStart(
  reader: Reader,
  deployment: string,
  start: number,
  before: number,
  pageRows: number,
): Promise<number | undefined> {
  const inOrder = reader
    .selectFrom('predictions')
    .select('event_time')
    .where('deployment', '=', deployment)
    .where('event_time', '<', before)
    .orderBy('event_time')
    .limit(1);
  const after = await inOrder.where('event_time', '>=', start).offset(pageRows).executeTakeFirst();
  if (!after || after.event_time > start) return after?.event_time;
  return (await inOrder.where('event_time', '>', start).executeTakeFirst())?.event_time;
}

/** When the outcomes of a deployment were received, with how many and how many positive ones there were by then. */
export async function arrivalsOf(reader: Reader, deployment: string): Promise<Arrivals> {
  const { rows } = await sql<{ at: number; outcomes: number; positives: number }>`
    select received_at as at, count(*) as outcomes, sum(label) as positives
      from outcomes where deployment = ${deployment} group by received_at order by received_at`.execute(reader);
  let [outcomes, positives] = [0, 0];
  return rows.map((row) => {
    outcomes += Number(row.outcomes);
    positives += Number(row.positives);
    return { at: row.at, outcomes, positives };
  });
}
