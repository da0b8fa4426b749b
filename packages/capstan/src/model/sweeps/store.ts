import type { Insertable, Selectable, Updateable } from 'kysely';
import type { SweepState } from '@capstan/api';
import { isBehind, type NewestFirst, type Reader, type Schema, type Writer } from '#database';
import type { EndedTrial } from './model.ts';

export type SweepRow = Selectable<Schema['sweeps']>;
export type TrialRow = Selectable<Schema['sweep_trials']>;

export interface SweepQuery extends NewestFirst {
  readonly project?: string | undefined;
  readonly state?: SweepState | undefined;
}

/** Adds the project's next sweep. */
export async function insertSweep(
  writer: Writer,
  row: Omit<Insertable<Schema['sweeps']>, 'number'>,
): Promise<SweepRow> {
  const last = await writer
    .selectFrom('sweeps')
    .select('number')
    .where('project', '=', row.project)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return await writer
    .insertInto('sweeps')
    .values({ ...row, number: (last?.number ?? 0) + 1 })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function findSweep(reader: Reader, id: string): Promise<SweepRow | undefined> {
  return await reader.selectFrom('sweeps').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findRequested(
  reader: Reader,
  project: string,
  requestKey: string,
): Promise<SweepRow | undefined> {
  return await reader
    .selectFrom('sweeps')
    .selectAll()
    .where('project', '=', project)
    .where('request_key', '=', requestKey)
    .executeTakeFirst();
}

export async function listSweeps(reader: Reader, query: SweepQuery): Promise<SweepRow[]> {
  let rows = reader
    .selectFrom('sweeps')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.project !== undefined) rows = rows.where('project', '=', query.project);
  if (query.state !== undefined) rows = rows.where('state', '=', query.state);
  if (query.behind) rows = rows.where(isBehind(query.behind));
  return await rows.execute();
}

/** Changes a sweep that is as the caller knows it, and counts its version on. False when another has changed it. */
export async function changeSweep(
  writer: Writer,
  known: Pick<SweepRow, 'id' | 'version'>,
  change: Updateable<Schema['sweeps']>,
): Promise<boolean> {
  const result = await writer
    .updateTable('sweeps')
    .set({ ...change, version: known.version + 1 })
    .where('id', '=', known.id)
    .where('version', '=', known.version)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function insertTrials(
  writer: Writer,
  trials: readonly Pick<TrialRow, 'sweep' | 'number' | 'params'>[],
): Promise<void> {
  await writer
    .insertInto('sweep_trials')
    .values(trials.map((trial) => ({ ...trial, state: 'waiting' as const, is_stopping: 0, curve: '[]' })))
    .execute();
}

export async function listTrials(reader: Reader, sweep: string): Promise<TrialRow[]> {
  return await reader.selectFrom('sweep_trials').selectAll().where('sweep', '=', sweep).orderBy('number').execute();
}

/** The trial that a pipeline run was started for. */
export async function trialOfRun(reader: Reader, pipelineRun: string): Promise<TrialRow | undefined> {
  return await reader.selectFrom('sweep_trials').selectAll().where('pipeline_run', '=', pipelineRun).executeTakeFirst();
}

/** Changes a trial that is in this state. False when it no longer is. */
export async function changeTrial(
  writer: Writer,
  { sweep, number, state }: Pick<TrialRow, 'sweep' | 'number' | 'state'>,
  change: Updateable<Schema['sweep_trials']>,
): Promise<boolean> {
  const result = await writer
    .updateTable('sweep_trials')
    .set(change)
    .where('sweep', '=', sweep)
    .where('number', '=', number)
    .where('state', '=', state)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export interface EndOfTrial {
  readonly state: EndedTrial;
  readonly value: number | null;
  readonly step: number | null;
  readonly reason: string | null;
  readonly run_id: string | null;
  readonly curve: string;
}

/** How many trials of each state these sweeps have. */
export async function countTrials(
  reader: Reader,
  sweeps: readonly string[],
): Promise<{ sweep: string; state: TrialRow['state']; count: number }[]> {
  if (sweeps.length === 0) return [];
  const rows = await reader
    .selectFrom('sweep_trials')
    .select(['sweep', 'state', (of) => of.fn.countAll().as('count')])
    .where('sweep', 'in', sweeps)
    .groupBy(['sweep', 'state'])
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** The best trial of each of these sweeps that has one. */
export async function bestTrials(reader: Reader, sweeps: readonly string[]): Promise<TrialRow[]> {
  if (sweeps.length === 0) return [];
  return await reader
    .selectFrom('sweep_trials')
    .innerJoin('sweeps', (join) =>
      join.onRef('sweeps.id', '=', 'sweep_trials.sweep').onRef('sweeps.best_trial', '=', 'sweep_trials.number'),
    )
    .selectAll('sweep_trials')
    .where('sweeps.id', 'in', sweeps)
    .execute();
}

/** Counts the sweep's version on: whoever decides on what was before is refused. */
export async function countOn(writer: Writer, id: string): Promise<void> {
  await writer
    .updateTable('sweeps')
    .set((set) => ({ version: set('version', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

/** Notes which trial is the best of those that have succeeded; the earliest of equals. */
export async function updateBest(writer: Writer, { id, goal }: Pick<SweepRow, 'id' | 'goal'>): Promise<void> {
  const best = await writer
    .selectFrom('sweep_trials')
    .select('number')
    .where('sweep', '=', id)
    .where('state', '=', 'succeeded')
    .orderBy('value', goal === 'minimise' ? 'asc' : 'desc')
    .orderBy('number')
    .limit(1)
    .executeTakeFirst();
  await writer
    .updateTable('sweeps')
    .set({ best_trial: best?.number ?? null })
    .where('id', '=', id)
    .execute();
}

/** Number of the trial that comes next. */
export async function nextTrial(reader: Reader, sweep: string): Promise<number> {
  const last = await reader
    .selectFrom('sweep_trials')
    .select('number')
    .where('sweep', '=', sweep)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return (last?.number ?? 0) + 1;
}
