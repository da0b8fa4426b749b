import type { Insertable, Selectable, Updateable } from 'kysely';
import type { PipelineRunStatus } from '@capstan/api';
import { isBehind, type NewestFirst, type Reader, type Schema, type Writer } from '#database';

export type RunRow = Selectable<Schema['pipeline_runs']>;
export type StageRow = Selectable<Schema['pipeline_stages']>;
export type AttemptRow = Selectable<Schema['stage_attempts']>;
export type ResultRow = Selectable<Schema['stage_results']>;
export type NewStage = Insertable<Schema['pipeline_stages']>;

export interface RunQuery extends NewestFirst {
  readonly project?: string | undefined;
  readonly status?: PipelineRunStatus | undefined;
}

export async function insertRun(
  writer: Writer,
  run: Omit<Insertable<Schema['pipeline_runs']>, 'number'>,
  stages: readonly NewStage[],
): Promise<RunRow> {
  const last = await writer
    .selectFrom('pipeline_runs')
    .select('number')
    .where('project', '=', run.project)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const inserted = await writer
    .insertInto('pipeline_runs')
    .values({ ...run, number: (last?.number ?? 0) + 1 })
    .returningAll()
    .executeTakeFirstOrThrow();
  await writer
    .insertInto('pipeline_stages')
    .values([...stages])
    .execute();
  return inserted;
}

export async function findRun(reader: Reader, id: string): Promise<RunRow | undefined> {
  return await reader.selectFrom('pipeline_runs').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findRequested(reader: Reader, project: string, requestKey: string): Promise<RunRow | undefined> {
  return await reader
    .selectFrom('pipeline_runs')
    .selectAll()
    .where('project', '=', project)
    .where('request_key', '=', requestKey)
    .executeTakeFirst();
}

/** Runs that were given this version of a dataset, newest first. */
export async function runsGiven(reader: Reader, project: string, versionId: string, limit: number): Promise<RunRow[]> {
  return await reader
    .selectFrom('pipeline_runs')
    .selectAll()
    .where('project', '=', project)
    .where('inputs', 'like', `%${JSON.stringify(versionId)}%`)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** Experiment runs that stages of these pipeline runs ended with. */
export async function experimentRunsOf(reader: Reader, runs: readonly string[]): Promise<string[]> {
  if (runs.length === 0) return [];
  const rows = await reader
    .selectFrom('pipeline_stages')
    .select('run_id')
    .distinct()
    .where('pipeline_run', 'in', runs)
    .where('run_id', 'is not', null)
    .execute();
  return rows.flatMap(({ run_id: id }) => id ?? []);
}

export async function listRuns(reader: Reader, query: RunQuery): Promise<RunRow[]> {
  let rows = reader
    .selectFrom('pipeline_runs')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit);
  if (query.project !== undefined) rows = rows.where('project', '=', query.project);
  if (query.status !== undefined) rows = rows.where('status', '=', query.status);
  if (query.behind) rows = rows.where(isBehind(query.behind));
  return await rows.execute();
}

/** Runs of the project that have ended, newest first: whose workspaces may go. */
export async function endedRuns(reader: Reader, project: string, skip: number): Promise<string[]> {
  const rows = await reader
    .selectFrom('pipeline_runs')
    .select('id')
    .where('project', '=', project)
    .where('source', '=', 'server')
    .where('status', 'in', ['succeeded', 'failed', 'cancelled'])
    .orderBy('number', 'desc')
    .offset(skip)
    .limit(1_000)
    .execute();
  return rows.map((row) => row.id);
}

/** Changes a run that has not ended, if the claim is still the caller's. Returns whether it was. */
export async function updateRun(
  writer: Writer,
  claim: { readonly id: string; readonly fence: number },
  change: Updateable<Schema['pipeline_runs']>,
): Promise<boolean> {
  const result = await writer
    .updateTable('pipeline_runs')
    .set(change)
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Makes the caller the one who may write. Undefined when the run has ended or a later claim has it. */
export async function takeOver(writer: Writer, id: string, fence: number, now: number): Promise<RunRow | undefined> {
  const result = await writer
    .updateTable('pipeline_runs')
    .set((set) => ({ fence, status: 'running', started_at: set.fn.coalesce('started_at', set.val(now)) }))
    .where('id', '=', id)
    .where('fence', '<', fence)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n ? await findRun(writer, id) : undefined;
}

/** True when the caller's claim holds: to be asked in the transaction of each write. */
export async function holds(writer: Writer, claim: { readonly id: string; readonly fence: number }): Promise<boolean> {
  // An update, so that a claim taken at the same moment waits for this transaction or makes it see the newer fence.
  return await updateRun(writer, claim, { fence: claim.fence });
}

export async function requestCancel(writer: Writer, id: string, now: number): Promise<boolean> {
  const result = await writer
    .updateTable('pipeline_runs')
    .set({ cancel_requested_at: now })
    .where('id', '=', id)
    .where('cancel_requested_at', 'is', null)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Ends a run that nobody has begun to work on. */
export async function cancelQueued(
  writer: Writer,
  id: string,
  change: Updateable<Schema['pipeline_runs']>,
): Promise<boolean> {
  const result = await writer
    .updateTable('pipeline_runs')
    .set(change)
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Replaces the stages of a run of which none has had its turn: the pipeline may have changed between the request and the
 * moment its files were copied. Later ones are as copied, and are left alone.
 */
export async function replaceWaitingStages(writer: Writer, run: string, stages: readonly NewStage[]): Promise<void> {
  const known = await listStages(writer, run);
  if (known.some((stage) => stage.status !== 'waiting')) return;
  await writer.deleteFrom('pipeline_stages').where('pipeline_run', '=', run).execute();
  await writer
    .insertInto('pipeline_stages')
    .values([...stages])
    .execute();
}

export async function listStages(reader: Reader, run: string): Promise<StageRow[]> {
  return await reader
    .selectFrom('pipeline_stages')
    .selectAll()
    .where('pipeline_run', '=', run)
    .orderBy('position')
    .execute();
}

export async function updateStage(
  writer: Writer,
  run: string,
  name: string,
  change: Updateable<Schema['pipeline_stages']>,
): Promise<void> {
  await writer
    .updateTable('pipeline_stages')
    .set(change)
    .where('pipeline_run', '=', run)
    .where('name', '=', name)
    .execute();
}

/** Gives the stages that have not ended the status they end with. */
export async function endOpenStages(writer: Writer, run: string, now: number): Promise<void> {
  for (const [from, to] of [
    ['waiting', 'skipped'],
    ['running', 'cancelled'],
  ] as const) {
    await writer
      .updateTable('pipeline_stages')
      .set({ status: to, ended_at: now })
      .where('pipeline_run', '=', run)
      .where('status', '=', from)
      .execute();
  }
}

export async function listAttempts(reader: Reader, run: string): Promise<AttemptRow[]> {
  return await reader
    .selectFrom('stage_attempts')
    .selectAll()
    .where('pipeline_run', '=', run)
    .orderBy('started_at')
    .orderBy('number')
    .execute();
}

export async function findAttempt(reader: Reader, id: string): Promise<AttemptRow | undefined> {
  return await reader.selectFrom('stage_attempts').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The attempt that an experiment run was made for. */
export async function attemptOfRun(reader: Reader, experimentRun: string): Promise<AttemptRow | undefined> {
  return await reader.selectFrom('stage_attempts').selectAll().where('run_id', '=', experimentRun).executeTakeFirst();
}

/** Attempts whose process or experiment run may be open although nobody works on them. */
export async function unsettledAttempts(reader: Reader, run: string): Promise<AttemptRow[]> {
  return await reader
    .selectFrom('stage_attempts')
    .selectAll()
    .where('pipeline_run', '=', run)
    .where((where) => where.or([where('status', '=', 'running'), where('is_run_ended', '=', 0)]))
    .orderBy('started_at')
    .execute();
}

/** Adds the next attempt of a stage and returns its number. */
export async function insertAttempt(
  writer: Writer,
  attempt: Omit<Insertable<Schema['stage_attempts']>, 'number'>,
): Promise<number> {
  const last = await writer
    .selectFrom('stage_attempts')
    .select('number')
    .where('pipeline_run', '=', attempt.pipeline_run)
    .where('stage', '=', attempt.stage)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  const number = (last?.number ?? 0) + 1;
  await writer
    .insertInto('stage_attempts')
    .values({ ...attempt, number })
    .execute();
  return number;
}

export async function updateAttempt(
  writer: Writer,
  id: string,
  change: Updateable<Schema['stage_attempts']>,
): Promise<void> {
  await writer.updateTable('stage_attempts').set(change).where('id', '=', id).execute();
}

/** Ends an attempt that runs. Returns whether it did: an attempt ends once. */
export async function endAttempt(
  writer: Writer,
  id: string,
  change: Updateable<Schema['stage_attempts']>,
): Promise<boolean> {
  const result = await writer
    .updateTable('stage_attempts')
    .set(change)
    .where('id', '=', id)
    .where('status', '=', 'running')
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function insertResult(writer: Writer, row: Insertable<Schema['stage_results']>): Promise<void> {
  await writer.insertInto('stage_results').values(row).execute();
}

export async function findResult(reader: Reader, id: string): Promise<ResultRow | undefined> {
  return await reader.selectFrom('stage_results').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The newest result with this key, made in this environment. */
export async function resultOf(
  reader: Reader,
  project: string,
  resultKey: string,
  environmentKey: string,
): Promise<ResultRow | undefined> {
  return await reader
    .selectFrom('stage_results')
    .selectAll()
    .where('project', '=', project)
    .where('result_key', '=', resultKey)
    .where('environment_key', '=', environmentKey)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The result that the stage ended with the last time it succeeded, in whatever run of the project. */
export async function latestResult(reader: Reader, project: string, stage: string): Promise<ResultRow | undefined> {
  return await reader
    .selectFrom('pipeline_stages')
    .innerJoin('stage_results', 'stage_results.id', 'pipeline_stages.result')
    .selectAll('stage_results')
    .where('pipeline_stages.project', '=', project)
    .where('pipeline_stages.name', '=', stage)
    .where('pipeline_stages.status', '=', 'succeeded')
    .orderBy('pipeline_stages.ended_at', 'desc')
    .orderBy('pipeline_stages.pipeline_run', 'desc')
    .limit(1)
    .executeTakeFirst();
}
