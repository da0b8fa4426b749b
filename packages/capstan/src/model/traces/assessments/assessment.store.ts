import type { Insertable, Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import { SESSION, type Assessment, type AssessmentError } from '../model.ts';
import { chunked } from '../trace.store.ts';

type Row = Selectable<Schema['assessments']>;

/** Assessments of traces, by trace key; the oldest first. */
export async function assessmentsOf(
  reader: Reader,
  traces: readonly { readonly key: number; readonly id: string }[],
): Promise<Map<number, Assessment[]>> {
  const ids = new Map(traces.map(({ key, id }) => [key, id]));
  const found = new Map<number, Assessment[]>(traces.map(({ key }) => [key, []]));
  for (const chunk of chunked([...ids.keys()])) {
    const query = reader.selectFrom('assessments').selectAll().where('trace_key', 'in', chunk);
    for (const row of await query.orderBy('created_at').orderBy('id').execute()) {
      found.get(row.trace_key)?.push(toAssessment(row, ids.get(row.trace_key) ?? ''));
    }
  }
  return found;
}

export async function findAssessment(
  reader: Reader,
  trace: { readonly key: number; readonly id: string },
  id: string,
): Promise<Assessment | undefined> {
  const row = await reader
    .selectFrom('assessments')
    .selectAll()
    .where('id', '=', id)
    .where('trace_key', '=', trace.key)
    .executeTakeFirst();
  return row && toAssessment(row, trace.id);
}

/** One of that id is replaced if it is of the same trace; false when it is of another. */
export async function putAssessment(writer: Writer, trace: number, assessment: Assessment): Promise<boolean> {
  const { id, trace_key: _key, ...columns } = toRow(trace, assessment);
  const stored = await writer
    .insertInto('assessments')
    .values({ id, trace_key: trace, ...columns })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(columns).where('assessments.trace_key', '=', trace))
    .executeTakeFirst();
  return (stored.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Says whether an assessment still counts; false when the trace has no such one. */
export async function setValid(writer: Writer, trace: number, id: string, isValid: boolean): Promise<boolean> {
  const changed = await writer
    .updateTable('assessments')
    .set({ is_valid: Number(isValid) })
    .where('id', '=', id)
    .where('trace_key', '=', trace)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

export async function deleteAssessment(writer: Writer, trace: number, id: string): Promise<void> {
  await writer.deleteFrom('assessments').where('id', '=', id).where('trace_key', '=', trace).execute();
}

function toRow(trace: number, assessment: Assessment): Insertable<Schema['assessments']> {
  const { value, error, source, metadata } = assessment;
  return {
    id: assessment.id,
    trace_key: trace,
    kind: assessment.kind,
    name: assessment.name,
    value: JSON.stringify(value),
    value_text: typeof value === 'string' ? value : JSON.stringify(value),
    value_number: numberOf(value),
    is_number: Number(typeof value === 'number'),
    error: error && JSON.stringify(error),
    rationale: assessment.rationale,
    source_type: source.type,
    source_id: source.id,
    span_id: assessment.spanId,
    metadata: JSON.stringify(metadata),
    is_of_session: Number(Object.hasOwn(metadata, SESSION)),
    overrides: assessment.overrides,
    is_valid: Number(assessment.isValid),
    created_at: assessment.createdAt,
    updated_at: assessment.updatedAt,
  };
}

/** What an average takes: numbers, and 1 or 0 for what is said to be so or not. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return word === 'yes' || word === 'no' ? Number(word === 'yes') : null;
}

function toAssessment(row: Row, traceId: string): Assessment {
  return {
    id: row.id,
    traceId,
    kind: row.kind,
    name: row.name,
    value: JSON.parse(row.value) as unknown,
    error: row.error === null ? null : (JSON.parse(row.error) as AssessmentError),
    rationale: row.rationale,
    source: { type: row.source_type, id: row.source_id },
    spanId: row.span_id,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
    overrides: row.overrides,
    isValid: row.is_valid === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
