import { sql } from 'kysely';
import type { Reader } from '#database';
import type { PredictionRow } from './store.ts';

/** Numbers of a deployment's order that one rollout is judged by. */
export interface EvidenceRange {
  readonly deployment: string;
  readonly rollout: string;
  /** Exclusive. */
  readonly after: number;
  readonly upTo: number;
}

/** The first row of a request's part: what happened to the part as a whole. */
export type PartRow = Pick<
  PredictionRow,
  | 'seq'
  | 'request_id'
  | 'role'
  | 'stage'
  | 'share'
  | 'error'
  | 'latency_us'
  | 'part_rows'
  | 'ingested_at'
  | 'event_time'
  | 'example_id'
>;

export async function requestParts(reader: Reader, range: EvidenceRange): Promise<PartRow[]> {
  return await reader
    .selectFrom('predictions')
    .select(['seq', 'request_id', 'role', 'stage', 'share', 'error', 'latency_us', 'part_rows', 'ingested_at'])
    .select(['event_time', 'example_id'])
    .where('deployment', '=', range.deployment)
    .where('seq', '>', range.after)
    .where('seq', '<=', range.upTo)
    .where('rollout', '=', range.rollout)
    .where('part_rows', '>', 0)
    .orderBy('seq')
    .execute();
}

/** When the first thing from number `from` on became known here; undefined behind the last one. */
export async function knownAt(reader: Reader, deployment: string, from: number): Promise<number | undefined> {
  const firsts = await firstsFrom(reader, deployment, from, -Infinity);
  return firsts.toSorted((a, b) => a.seq - b.seq)[0]?.at;
}

/** The first number from `from` on that became known after `at`. */
export async function firstKnownAfter(
  reader: Reader,
  deployment: string,
  from: number,
  at: number,
): Promise<number | undefined> {
  const firsts = await firstsFrom(reader, deployment, from, at);
  return firsts.length === 0 ? undefined : Math.min(...firsts.map(({ seq }) => seq));
}

/** The first answer and the first label from a number on, of those known after `at`. */
async function firstsFrom(
  reader: Reader,
  deployment: string,
  from: number,
  at: number,
): Promise<{ seq: number; at: number }[]> {
  const answer = reader
    .selectFrom('predictions')
    .select(['seq as seq', 'ingested_at as at'])
    .where('deployment', '=', deployment)
    .where('seq', '>=', from)
    .orderBy('seq')
    .limit(1);
  const label = reader
    .selectFrom('predictions')
    .select(['label_seq as seq', 'labelled_at as at'])
    .where('deployment', '=', deployment)
    .where('label_seq', '>=', from)
    .orderBy('label_seq')
    .limit(1);
  const isAny = at === -Infinity;
  const found = [
    ...(await (isAny ? answer : answer.where('ingested_at', '>', at)).execute()),
    ...(await (isAny ? label : label.where('labelled_at', '>', at)).execute()),
  ];
  return found.map((row) => ({ seq: row.seq ?? 0, at: row.at ?? 0 }));
}

export interface Comparison {
  readonly request_id: string;
  readonly compared: number;
  readonly differing: number;
}

/** How the shadow's decisions compare with what callers were told, by request, for shadow rows in `(after, upTo]`. */
export async function shadowComparisons(reader: Reader, range: EvidenceRange): Promise<Comparison[]> {
  const { rows } = await sql<Comparison>`
    select s.request_id, count(*) as compared,
           sum(case when s.decision <> c.decision then 1 else 0 end) as differing
      from predictions s
      join predictions c on c.deployment = s.deployment and c.example_id = s.example_id and c.rollout = s.rollout
       and c.role in ('champion', 'fallback') and c.share > 0 and c.probability is not null
     where s.deployment = ${range.deployment} and s.rollout = ${range.rollout} and s.role = 'shadow'
       and s.probability is not null and s.seq > ${range.after} and s.seq <= ${range.upTo}
     group by s.request_id`.execute(reader);
  return rows.map((row) => ({ ...row, compared: Number(row.compared), differing: Number(row.differing) }));
}

export interface LabelledRow {
  readonly labelled_at: number;
  readonly event_time: number;
  readonly example_id: string;
  readonly role: string;
  readonly share: number;
  /** Of the models alone: each is compared as it is, since what is served is recalibrated anyway. */
  readonly loss: number;
  /** Of a shadow's row: the loss of the model that the caller was answered by. */
  readonly served_loss: number | null;
}

/** Answers of a rollout whose outcome has come in `(after, upTo]`. */
export async function labelledRows(reader: Reader, range: EvidenceRange): Promise<LabelledRow[]> {
  const { rows } = await sql<LabelledRow>`
    select p.labelled_at, p.event_time, p.example_id, p.role, p.share, coalesce(p.model_loss, p.loss) as loss,
           coalesce(c.model_loss, c.loss) as served_loss
      from predictions p
      left join predictions c on p.role = 'shadow' and c.deployment = p.deployment and c.example_id = p.example_id
       and c.rollout = p.rollout and c.role in ('champion', 'fallback') and c.share > 0
     where p.deployment = ${range.deployment} and p.rollout = ${range.rollout} and p.loss is not null
       and p.role <> 'direct' and p.share > 0 and p.label_seq > ${range.after} and p.label_seq <= ${range.upTo}`.execute(
    reader,
  );
  return rows;
}

/** What the answers were worth whose outcome became known in `(since, until]`, beside the baseline's decisions. */
export async function realisedValue(reader: Reader, deployment: string, since: number, until: number) {
  const { rows } = await sql<{ n: number; value: number | null; baseline: number | null }>`
    select count(*) as n, sum(value) as value, sum(baseline_value) as baseline from predictions
     where deployment = ${deployment} and labelled_at > ${since} and labelled_at <= ${until} and role <> 'shadow'
       and value is not null and baseline_value is not null`.execute(reader);
  const row = rows[0];
  return { n: Number(row?.n ?? 0), value: row?.value ?? 0, baselineValue: row?.baseline ?? 0 };
}
