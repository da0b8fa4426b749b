import type { Insertable, Selectable } from 'kysely';
import type { CycleState, EvidenceRef } from '@capstan/api';
import type { Reader, Schema, Writer } from '#database';
import { outcomes, type DecisionRow } from './model.ts';

export type CycleRow = Selectable<Schema['cycles']>;
export type StepRow = Selectable<Schema['cycle_steps']>;
export type TriggerRow = Selectable<Schema['cycle_triggers']>;
/** What may change; a column that is not named stays as it is. */
export type CycleChange = Partial<Omit<CycleRow, 'id' | 'project' | 'number'>>;

export async function findCycle(reader: Reader, id: string): Promise<CycleRow | undefined> {
  return await reader.selectFrom('cycles').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findNumber(reader: Reader, project: string, number: number): Promise<CycleRow | undefined> {
  return await reader
    .selectFrom('cycles')
    .selectAll()
    .where('project', '=', project)
    .where('number', '=', number)
    .executeTakeFirst();
}

export async function findOpen(reader: Reader, project: string): Promise<CycleRow | undefined> {
  return await reader
    .selectFrom('cycles')
    .selectAll()
    .where('project', '=', project)
    .where('state', 'not in', [...outcomes])
    .executeTakeFirst();
}

/** Newest first; only those with a smaller number than `before`. */
export async function listCycles(reader: Reader, project: string, limit: number, before?: number): Promise<CycleRow[]> {
  let rows = reader
    .selectFrom('cycles')
    .selectAll()
    .where('project', '=', project)
    .orderBy('number', 'desc')
    .limit(limit);
  if (before !== undefined) rows = rows.where('number', '<', before);
  return await rows.execute();
}

/** What the policy asks of the turns so far. */
export interface History {
  readonly startedAt: readonly number[];
  readonly openCycle: number | null;
  readonly lastNumber: number;
}

export async function history(reader: Reader, project: string): Promise<History> {
  const rows = await reader
    .selectFrom('cycles')
    .select(['id', 'number', 'state', 'started_at'])
    .where('project', '=', project)
    .orderBy('number', 'desc')
    .execute();
  return {
    startedAt: rows.map((row) => row.started_at),
    openCycle: rows.find((row) => !isOutcome(row.state))?.number ?? null,
    lastNumber: rows[0]?.number ?? 0,
  };
}

function isOutcome(state: CycleState): boolean {
  return outcomes.some((outcome) => outcome === state);
}

/** End of the newest window that a turn was judged on: labels after it are new. */
export async function lastWindowEnd(reader: Reader, project: string): Promise<number | undefined> {
  const row = await reader
    .selectFrom('cycles')
    .select('window_before')
    .where('project', '=', project)
    .where('window_before', 'is not', null)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.window_before ?? undefined;
}

export async function insertCycle(writer: Writer, row: Insertable<Schema['cycles']>): Promise<void> {
  await writer.insertInto('cycles').values(row).execute();
}

/** Changes a turn that is as the caller knows it. False when another worker has gone on meanwhile. */
export async function changeCycle(writer: Writer, known: CycleRow, change: CycleChange): Promise<boolean> {
  const result = await writer
    .updateTable('cycles')
    .set(change)
    .where('id', '=', known.id)
    .where('state', '=', known.state)
    .where('last_event', '=', known.last_event)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function listSteps(reader: Reader, cycle: string): Promise<StepRow[]> {
  return await reader.selectFrom('cycle_steps').selectAll().where('cycle', '=', cycle).orderBy('seq').execute();
}

/** A step as a whole, begun. */
export interface BegunStep {
  readonly step: StepRow['step'];
  readonly startedAt: number;
}

export interface EndedStep {
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly value: number | string | null;
  readonly reason: string;
  readonly evidence: readonly EvidenceRef[];
}

export async function beginStep(writer: Writer, cycle: string, { step, startedAt }: BegunStep): Promise<void> {
  await insertStep(writer, {
    cycle,
    step,
    decision: null,
    status: 'running',
    value: 'null',
    limit_value: 'null',
    n: null,
    evidence: '[]',
    reason: null,
    started_at: startedAt,
    ended_at: null,
  });
}

export async function endStep(
  writer: Writer,
  cycle: string,
  step: StepRow['step'],
  ended: EndedStep,
  at: number,
): Promise<void> {
  await writer
    .updateTable('cycle_steps')
    .set({
      status: ended.status,
      value: JSON.stringify(ended.value),
      evidence: JSON.stringify(ended.evidence),
      reason: ended.reason,
      ended_at: at,
    })
    .where('cycle', '=', cycle)
    .where('step', '=', step)
    .where('decision', 'is', null)
    .execute();
}

export async function insertDecisions(
  writer: Writer,
  cycle: string,
  step: StepRow['step'],
  decisions: readonly DecisionRow[],
  now: number,
): Promise<void> {
  for (const { decision, status, value, limit, n, reason, evidence = [], at = now } of decisions) {
    await insertStep(writer, {
      cycle,
      step,
      decision,
      status,
      value: JSON.stringify(value),
      limit_value: JSON.stringify(limit),
      n,
      evidence: JSON.stringify(evidence),
      reason,
      started_at: at,
      ended_at: at,
    });
  }
}

async function insertStep(writer: Writer, row: Omit<Insertable<Schema['cycle_steps']>, 'seq'>): Promise<void> {
  const last = await writer
    .selectFrom('cycle_steps')
    .select('seq')
    .where('cycle', '=', row.cycle)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  await writer
    .insertInto('cycle_steps')
    .values({ ...row, seq: (last?.seq ?? 0) + 1 })
    .execute();
}

export async function findTrigger(reader: Reader, project: string, key: string): Promise<TriggerRow | undefined> {
  return await reader
    .selectFrom('cycle_triggers')
    .selectAll()
    .where('project', '=', project)
    .where('trigger_key', '=', key)
    .executeTakeFirst();
}

export async function insertTrigger(writer: Writer, row: Insertable<Schema['cycle_triggers']>): Promise<void> {
  await writer.insertInto('cycle_triggers').values(row).execute();
}

/** Newest first; only those judged before the fact of that number. */
export async function listTriggers(
  reader: Reader,
  project: string,
  limit: number,
  before?: number,
): Promise<TriggerRow[]> {
  let rows = reader
    .selectFrom('cycle_triggers')
    .selectAll()
    .where('project', '=', project)
    .orderBy('event_seq', 'desc')
    .limit(limit);
  if (before !== undefined) rows = rows.where('event_seq', '<', before);
  return await rows.execute();
}
