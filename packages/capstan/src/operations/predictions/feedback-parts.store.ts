import { sql } from 'kysely';
import type { Reader, Writer } from '#database';
import type { AsOf, Change, PartColumn, Span, WrittenPart } from './feedback-parts.ts';
import type { Label } from './model.ts';
import { lastNumber } from './store.ts';

/** Notes labels that were changed. The caller holds the deployment's lock. */
export async function noteCorrections(
  writer: Writer,
  deployment: string,
  exampleIds: readonly string[],
): Promise<void> {
  let number = exampleIds.length === 0 ? 0 : await lastCorrection(writer, deployment);
  for (const id of exampleIds) {
    number += 1;
    await writer.insertInto('outcome_corrections').values({ deployment, number, example_id: id }).execute();
  }
}

async function lastCorrection(reader: Reader, deployment: string): Promise<number> {
  const row = await reader
    .selectFrom('outcome_corrections')
    .select('number')
    .where('deployment', '=', deployment)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.number ?? 0;
}

/** What is read after this is at least as new. */
export async function asOfNow(reader: Reader, deployment: string): Promise<AsOf> {
  return {
    labels: await lastNumber(reader, deployment),
    corrections: await lastCorrection(reader, deployment),
  };
}

// SQLite has no figures on how rows are spread, and would look up answers by their time rather than by their example: from
// the news to the answers, a `cross join` keeps the order, and a `+` keeps a column from being searched by.

/** Event times of all answers to examples whose labels became known, or were changed, since. */
export async function labelChanges(reader: Reader, deployment: string, since: AsOf): Promise<Change[]> {
  const { rows: known } = await sql<{ event_time: number; number: number }>`
    select +q.event_time as event_time, max(p.label_seq) as number
      from predictions p cross join predictions q
     where p.deployment = ${deployment} and p.label_seq > ${since.labels}
       and q.deployment = p.deployment and q.example_id = p.example_id group by +q.event_time`.execute(reader);
  const { rows: corrected } = await sql<{ event_time: number; number: number }>`
    select +q.event_time as event_time, max(c.number) as number
      from outcome_corrections c cross join predictions q
     where c.deployment = ${deployment} and c.number > ${since.corrections}
       and q.deployment = c.deployment and q.example_id = c.example_id group by +q.event_time`.execute(reader);
  const asChange = (kind: Change['kind']) => (row: { event_time: number; number: number }) => ({
    eventTime: row.event_time,
    kind,
    number: Number(row.number),
  });
  return [...known.map(asChange('labels')), ...corrected.map(asChange('corrections'))];
}

export interface SpanLabel {
  readonly exampleId: string;
  readonly eventTime: number;
  readonly label: Label;
}

/**
 * Examples with a label whose first answer that a caller saw, from `start` on, lies in the span. An example that was asked
 * for again at another event time is so in one span only.
 */
export async function labelsIn(
  reader: Reader,
  deployment: string,
  { from, before }: Span,
  start: number,
): Promise<SpanLabel[]> {
  const { rows } = await sql<{ example_id: string; event_time: number; label: number }>`
    select p.example_id, p.event_time, max(p.label) as label from predictions p
     where p.deployment = ${deployment} and p.event_time >= ${from} and p.event_time < ${before}
       and p.role <> 'shadow' and p.label is not null and p.probability is not null
       and not exists (select 1 from predictions q where q.deployment = p.deployment and q.example_id = p.example_id
         and +q.event_time >= ${start} and +q.event_time < p.event_time
         and q.role <> 'shadow' and q.label is not null and q.probability is not null)
     group by p.example_id, p.event_time order by p.event_time, p.example_id`.execute(reader);
  return rows.map((row) => ({
    exampleId: row.example_id,
    eventTime: row.event_time,
    label: Number(row.label) === 1 ? 1 : 0,
  }));
}

/** Parts that were written, by where they start. */
export async function writtenParts(
  reader: Reader,
  deployment: string,
  dataset: string,
): Promise<Map<number, WrittenPart>> {
  const rows = await reader
    .selectFrom('feedback_parts')
    .selectAll()
    .where('deployment', '=', deployment)
    .where('dataset', '=', dataset)
    .execute();
  return new Map(
    rows.map((row) => [
      row.starts_at,
      {
        from: row.starts_at,
        before: row.ends_at,
        recipe: row.recipe,
        columns: JSON.parse(row.columns) as PartColumn[],
        file: row.digest === null ? null : { digest: row.digest as `sha256:${string}`, sizeBytes: row.size_bytes },
        rows: row.rows,
        asOf: { labels: row.label_seq, corrections: row.correction },
      },
    ]),
  );
}

/** Keeps what parts hold now; one that starts where another did takes its place. */
export async function keepParts(
  writer: Writer,
  deployment: string,
  dataset: string,
  parts: readonly WrittenPart[],
): Promise<void> {
  for (const part of parts) {
    const values = {
      ends_at: part.before,
      recipe: part.recipe,
      columns: JSON.stringify(part.columns),
      digest: part.file?.digest ?? null,
      size_bytes: part.file?.sizeBytes ?? 0,
      rows: part.rows,
      label_seq: part.asOf.labels,
      correction: part.asOf.corrections,
    };
    await writer
      .insertInto('feedback_parts')
      .values({ deployment, dataset, starts_at: part.from, ...values })
      .onConflict((conflict) => conflict.columns(['deployment', 'dataset', 'starts_at']).doUpdateSet(values))
      .execute();
  }
}
