import { sql } from 'kysely';
import type { PerformanceRow, ServingRole } from '@capstan/api';
import type { Reader } from '#database';
import type { PredictionRow } from './store.ts';

export interface PredictionQuery {
  readonly deployment: string;
  readonly example?: string | undefined;
  readonly role?: ServingRole | undefined;
  /** Only rows before this number of the deployment's order. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listPredictions(reader: Reader, query: PredictionQuery): Promise<PredictionRow[]> {
  let rows = reader
    .selectFrom('predictions')
    .selectAll()
    .where('deployment', '=', query.deployment)
    .orderBy('seq', 'desc')
    .limit(query.limit);
  if (query.example !== undefined) rows = rows.where('example_id', '=', query.example);
  if (query.role !== undefined) rows = rows.where('role', '=', query.role);
  if (query.before !== undefined) rows = rows.where('seq', '<', query.before);
  return await rows.execute();
}

/** Of a deployment, by event time: from `from`, up to but not including `to`. */
export interface EventWindow {
  readonly deployment: string;
  readonly from: number;
  readonly to: number;
}

export async function performance(reader: Reader, { deployment, from, to }: EventWindow): Promise<PerformanceRow[]> {
  const { rows } = await sql<Record<Exclude<keyof PerformanceRow, 'role'>, number | null> & { role: ServingRole }>`
    select revision, model_version as "modelVersion", role, count(*) as predictions,
           sum(case when error is null then 0 else 1 end) as errors,
           sum(case when label is null then 0 else 1 end) as labelled,
           sum(case when label = 1 then 1 else 0 end) as positives,
           avg(loss) as "meanLoss", sum(value) as value, sum(baseline_value) as "baselineValue",
           avg(coalesce(model_loss, loss)) as "meanModelLoss", sum(coalesce(model_value, value)) as "modelValue"
      from predictions
     where deployment = ${deployment} and event_time >= ${from} and event_time < ${to}
     group by revision, model_version, role order by revision, role`.execute(reader);
  return rows.map((row) => ({
    revision: row.revision ?? 0,
    modelVersion: row.modelVersion ?? 0,
    role: row.role,
    predictions: Number(row.predictions),
    errors: Number(row.errors),
    labelled: Number(row.labelled),
    positives: Number(row.positives),
    ...(row.meanLoss !== null && { meanLoss: row.meanLoss }),
    ...(row.value !== null && { value: row.value }),
    ...(row.baselineValue !== null && { baselineValue: row.baselineValue }),
    ...(row.meanModelLoss !== null && { meanModelLoss: row.meanModelLoss }),
    ...(row.modelValue !== null && { modelValue: row.modelValue }),
  }));
}

export interface LabelledExample {
  readonly exampleId: string;
  readonly eventTime: number;
  readonly label: 0 | 1;
  readonly probability: number;
}

/** Answers that callers saw and whose outcome is known, oldest first; one for each example. */
export async function labelledExamples(
  reader: Reader,
  { deployment, from, to }: EventWindow,
): Promise<LabelledExample[]> {
  const rows = await reader
    .selectFrom('predictions')
    .select(['example_id', 'event_time', 'label', 'probability'])
    .where('deployment', '=', deployment)
    .where('event_time', '>=', from)
    .where('event_time', '<', to)
    .where('role', '!=', 'shadow')
    .where('label', 'is not', null)
    .where('probability', 'is not', null)
    .orderBy('event_time')
    .orderBy('example_id')
    .orderBy('seq')
    .execute();
  const seen = new Set<string>();
  return rows.flatMap((row) => {
    if (seen.has(row.example_id)) return [];
    seen.add(row.example_id);
    const label = row.label === 1 ? 1 : 0;
    return [{ exampleId: row.example_id, eventTime: row.event_time, label, probability: row.probability ?? 0 }];
  });
}

/** An answer of one revision, in any role that was drawn for it, whose outcome is known. */
export interface RevisionAnswer {
  readonly probability: number;
  readonly shift: number;
  readonly label: 0 | 1;
}

/** In the order of event time. */
export async function labelledOf(
  reader: Reader,
  { deployment, from, to, revision }: EventWindow & { readonly revision: number },
): Promise<RevisionAnswer[]> {
  const rows = await reader
    .selectFrom('predictions')
    .select(['probability', 'shift', 'label'])
    .where('deployment', '=', deployment)
    .where('event_time', '>=', from)
    .where('event_time', '<', to)
    .where('revision', '=', revision)
    .where('role', '!=', 'direct')
    .where('label', 'is not', null)
    .where('probability', 'is not', null)
    .orderBy('event_time')
    .orderBy('example_id')
    .execute();
  return rows.map((row) => ({ probability: row.probability ?? 0, shift: row.shift, label: row.label === 1 ? 1 : 0 }));
}

/** How far the log of a deployment reaches in event time; null where there is no such answer. */
export interface Reach {
  readonly last: number | null;
  readonly lastLabelled: number | null;
  /** The inputs of everything taken in have been written. */
  readonly isWhole: boolean;
}

export async function reach(reader: Reader, deployment: string): Promise<Reach> {
  const times = reader.selectFrom('predictions').select('event_time').where('deployment', '=', deployment).limit(1);
  const [last, lastLabelled, raw] = await Promise.all([
    times.orderBy('event_time', 'desc').executeTakeFirst(),
    times.where('label', 'is not', null).orderBy('event_time', 'desc').executeTakeFirst(),
    reader.selectFrom('segments').select('id').where('raw_digest', 'is not', null).limit(1).executeTakeFirst(),
  ]);
  return {
    last: last?.event_time ?? null,
    lastLabelled: lastLabelled?.event_time ?? null,
    isWhole: raw === undefined,
  };
}

/** Event time of the first answer at or after a time; null where there is none. */
export async function nextAnswer(reader: Reader, deployment: string, from: number): Promise<number | null> {
  const row = await reader
    .selectFrom('predictions')
    .select('event_time')
    .where('deployment', '=', deployment)
    .where('event_time', '>=', from)
    .orderBy('event_time')
    .limit(1)
    .executeTakeFirst();
  return row?.event_time ?? null;
}

/** Model-fed features of one segment, as stored. */
export interface FeatureFile {
  readonly segment: string;
  readonly digest: `sha256:${string}`;
  readonly rows: number;
  readonly minEventTime: number;
  readonly maxEventTime: number;
}

/** Files that hold rows of the window, and perhaps others: readers filter by time. */
export async function featureFiles(reader: Reader, { deployment, from, to }: EventWindow): Promise<FeatureFile[]> {
  const rows = await reader
    .selectFrom('prediction_features')
    .selectAll()
    .where('deployment', '=', deployment)
    .where('max_event_time', '>=', from)
    .where('min_event_time', '<', to)
    .orderBy('segment')
    .execute();
  return rows.map((row) => ({
    segment: row.segment,
    digest: row.digest as FeatureFile['digest'],
    rows: row.rows,
    minEventTime: row.min_event_time,
    maxEventTime: row.max_event_time,
  }));
}
