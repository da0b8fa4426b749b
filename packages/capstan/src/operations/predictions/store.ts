import { sql, type Selectable } from 'kysely';
import type { Database, InsertColumn, Reader, Schema, Writer } from '#database';

export type PredictionRow = Selectable<Schema['predictions']>;
export type OutcomeRow = Selectable<Schema['outcomes']>;

/** Well below the number of parameters that either database takes in one statement. */
const KEYS_PER_QUERY = 500;

type AnswerColumn = InsertColumn & { readonly name: 'deployment' | keyof LabelledAnswer };

const LABEL_COLUMNS: readonly AnswerColumn[] = [
  { name: 'label', type: 'integer' },
  { name: 'label_at', type: 'integer' },
  { name: 'labelled_at', type: 'integer' },
  { name: 'label_seq', type: 'integer' },
  { name: 'loss', type: 'double' },
  { name: 'value', type: 'double' },
  { name: 'baseline_value', type: 'double' },
  { name: 'model_loss', type: 'double' },
  { name: 'model_value', type: 'double' },
];

const ANSWER_KEYS: readonly AnswerColumn[] = [
  { name: 'deployment', type: 'text' },
  { name: 'example_id', type: 'text' },
  { name: 'role', type: 'text' },
  { name: 'revision', type: 'integer' },
];

const PREDICTION_COLUMNS: readonly (InsertColumn & { readonly name: keyof PredictionRow })[] = [
  ...ANSWER_KEYS,
  { name: 'project', type: 'text' },
  { name: 'request_id', type: 'text' },
  { name: 'segment', type: 'text' },
  { name: 'seq', type: 'integer' },
  { name: 'rollout', type: 'text' },
  { name: 'stage', type: 'integer' },
  { name: 'model_version', type: 'integer' },
  { name: 'share', type: 'double' },
  { name: 'threshold', type: 'double' },
  { name: 'event_time', type: 'integer' },
  { name: 'predicted_at', type: 'integer' },
  { name: 'ingested_at', type: 'integer' },
  { name: 'probability', type: 'double' },
  { name: 'shift', type: 'double' },
  { name: 'decision', type: 'integer' },
  { name: 'error', type: 'text' },
  { name: 'latency_us', type: 'integer' },
  { name: 'part_rows', type: 'integer' },
  { name: 'is_split', type: 'integer' },
  ...LABEL_COLUMNS,
];

const OUTCOME_COLUMNS = [
  { name: 'deployment', type: 'text' },
  { name: 'example_id', type: 'text' },
  { name: 'label', type: 'integer' },
  { name: 'label_at', type: 'integer' },
  { name: 'received_at', type: 'integer' },
  { name: 'corrections', type: 'integer' },
  { name: 'is_pending', type: 'integer' },
] as const satisfies readonly { name: keyof OutcomeRow; type: string }[];

/**
 * Takes `count` numbers of a deployment's order; returns the last one before them. The row stays locked until the
 * transaction ends, so what is numbered lower is committed earlier.
 */
export async function takeNumbers(writer: Writer, deployment: string, count: number): Promise<number> {
  await writer
    .insertInto('prediction_counters')
    .values({ deployment, last_seq: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await writer
    .updateTable('prediction_counters')
    .set((update) => ({ last_seq: update('last_seq', '+', count) }))
    .where('deployment', '=', deployment)
    .returning('last_seq')
    .executeTakeFirstOrThrow();
  return row.last_seq - count;
}

export async function lastNumber(reader: Reader, deployment: string): Promise<number> {
  const row = await reader
    .selectFrom('prediction_counters')
    .select('last_seq')
    .where('deployment', '=', deployment)
    .executeTakeFirst();
  return row?.last_seq ?? 0;
}

export async function hasSegment(reader: Reader, id: string): Promise<boolean> {
  return (await reader.selectFrom('segments').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** False when it is there already. */
export async function insertSegment(writer: Writer, row: Selectable<Schema['segments']>): Promise<boolean> {
  const inserted = await writer
    .insertInto('segments')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function getSegment(reader: Reader, id: string): Promise<Selectable<Schema['segments']> | undefined> {
  return await reader.selectFrom('segments').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function predictionsOf(
  reader: Reader,
  deployment: string,
  exampleIds: readonly string[],
): Promise<PredictionRow[]> {
  const found: PredictionRow[] = [];
  for (const ids of chunks(exampleIds)) {
    const query = reader.selectFrom('predictions').selectAll().where('deployment', '=', deployment);
    found.push(...(await query.where('example_id', 'in', ids).execute()));
  }
  return found;
}

const ANSWER_COLUMNS = [
  'example_id',
  'role',
  'revision',
  'seq',
  'threshold',
  'shift',
  'probability',
  'labelled_at',
  'label_seq',
] as const satisfies readonly (keyof PredictionRow)[];

/** Of a logged answer, what its outcome has to do with. */
export type Answer = Pick<PredictionRow, (typeof ANSWER_COLUMNS)[number]>;

/** An answer with what its outcome adds. */
export type LabelledAnswer = Answer &
  Pick<PredictionRow, 'label' | 'label_at' | 'loss' | 'value' | 'baseline_value' | 'model_loss' | 'model_value'>;

/** Answers by example. */
export async function answersOf(
  reader: Reader,
  deployment: string,
  exampleIds: readonly string[],
): Promise<Map<string, Answer[]>> {
  const found: Answer[] = [];
  for (const ids of chunks(exampleIds)) {
    const query = reader.selectFrom('predictions').select(ANSWER_COLUMNS).where('deployment', '=', deployment);
    found.push(...(await query.where('example_id', 'in', ids).execute()));
  }
  return Map.groupBy(found, (answer) => answer.example_id);
}

export async function predictionKeys(
  reader: Reader,
  deployment: string,
  exampleIds: readonly string[],
): Promise<Pick<PredictionRow, 'example_id' | 'role' | 'revision'>[]> {
  const found: Pick<PredictionRow, 'example_id' | 'role' | 'revision'>[] = [];
  for (const ids of chunks(exampleIds)) {
    const query = reader.selectFrom('predictions').select(['example_id', 'role', 'revision']);
    found.push(...(await query.where('deployment', '=', deployment).where('example_id', 'in', ids).execute()));
  }
  return found;
}

export async function outcomesOf(
  reader: Reader,
  deployment: string,
  exampleIds: readonly string[],
): Promise<Map<string, OutcomeRow>> {
  const found = new Map<string, OutcomeRow>();
  for (const ids of chunks(exampleIds)) {
    const query = reader.selectFrom('outcomes').selectAll().where('deployment', '=', deployment);
    for (const row of await query.where('example_id', 'in', ids).execute()) found.set(row.example_id, row);
  }
  return found;
}

export async function insertPredictions(
  database: Database,
  writer: Writer,
  rows: readonly PredictionRow[],
): Promise<number> {
  return await database.dialect.insertMany(writer, 'predictions', PREDICTION_COLUMNS, rows.map(predictionValues));
}

/** Sets what an outcome adds to rows that are there. */
export async function labelPredictions(
  database: Database,
  writer: Writer,
  deployment: string,
  rows: readonly LabelledAnswer[],
): Promise<void> {
  const values = rows.map((row) =>
    LABEL_COLUMNS.concat(ANSWER_KEYS).map(({ name }) => (name === 'deployment' ? deployment : row[name])),
  );
  await database.dialect.updateMany(writer, 'predictions', { set: LABEL_COLUMNS, keys: ANSWER_KEYS }, values);
}

export async function upsertOutcomes(database: Database, writer: Writer, rows: readonly OutcomeRow[]): Promise<void> {
  const update = sql`on conflict (deployment, example_id) do update set label = excluded.label,
    label_at = excluded.label_at, corrections = excluded.corrections, is_pending = excluded.is_pending`;
  const values = rows.map((row) => OUTCOME_COLUMNS.map(({ name }) => row[name]));
  await database.dialect.insertMany(writer, 'outcomes', OUTCOME_COLUMNS, values, update);
}

export async function countPending(reader: Reader, deployment: string): Promise<number> {
  const row = await reader
    .selectFrom('outcomes')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('deployment', '=', deployment)
    .where('is_pending', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

/** How often outcomes are positive, of those received until then. */
export async function labelRate(
  reader: Reader,
  deployment: string,
  until: number,
): Promise<{ n: number; rate: number }> {
  const { rows } = await sql<{ n: number; positives: number | null }>`
    select count(*) as n, sum(label) as positives from outcomes
     where deployment = ${deployment} and received_at <= ${until}`.execute(reader);
  const n = Number(rows[0]?.n ?? 0);
  return { n, rate: n === 0 ? 0 : Number(rows[0]?.positives ?? 0) / n };
}

function predictionValues(row: PredictionRow): (string | number | null)[] {
  return PREDICTION_COLUMNS.map(({ name }) => row[name]);
}

function chunks(ids: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let from = 0; from < ids.length; from += KEYS_PER_QUERY) parts.push(ids.slice(from, from + KEYS_PER_QUERY));
  return parts;
}
