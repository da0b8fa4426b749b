import type { Selectable } from 'kysely';
import type { MonitorAlert, MonitorWindow } from '@capstan/api';
import type { Reader, Schema, Writer } from '#database';
import type { ColumnReference } from './drift.ts';
import type { StandingAlert } from './model.ts';
import type { Judged } from './watched.ts';
import type { Window } from './window.ts';

interface RevisionKey {
  readonly deployment: string;
  readonly revision: number;
}

export async function findReference(
  reader: Reader,
  { deployment, revision }: RevisionKey,
): Promise<ColumnReference[] | undefined> {
  const row = await reader
    .selectFrom('monitor_references')
    .select('body')
    .where('deployment', '=', deployment)
    .where('revision', '=', revision)
    .executeTakeFirst();
  return row && (JSON.parse(row.body) as ColumnReference[]);
}

/** The first one stays. */
export async function insertReference(
  writer: Writer,
  { deployment, revision }: RevisionKey,
  columns: readonly ColumnReference[],
  at: number,
): Promise<void> {
  await writer
    .insertInto('monitor_references')
    .values({ deployment, revision, body: JSON.stringify(columns), measured_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** End of the newest window judged. */
export async function judgedUntil(reader: Reader, project: string, monitor: string): Promise<number | undefined> {
  const row = await reader
    .selectFrom('monitor_windows')
    .select('window_before')
    .where('project', '=', project)
    .where('monitor', '=', monitor)
    .orderBy('window_from', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.window_before;
}

export async function hasWindow(reader: Reader, project: string, monitor: string, from: number): Promise<boolean> {
  const row = await reader
    .selectFrom('monitor_windows')
    .select('window_from')
    .where('project', '=', project)
    .where('monitor', '=', monitor)
    .where('window_from', '=', from)
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertWindow(
  writer: Writer,
  row: {
    readonly project: string;
    readonly monitor: string;
    readonly window: Window;
    readonly judged: Judged;
    readonly eventSeq: number;
    readonly at: number;
  },
): Promise<void> {
  const { verdict, reason, n, revision, modelVersion, columns, performance } = row.judged;
  await writer
    .insertInto('monitor_windows')
    .values({
      project: row.project,
      monitor: row.monitor,
      window_from: row.window.start,
      window_before: row.window.end,
      revision,
      model_version: modelVersion,
      verdict,
      reason,
      n,
      body: JSON.stringify({ columns, performance }),
      event_seq: row.eventSeq,
      judged_at: row.at,
    })
    .execute();
}

/** The newest `limit` windows, oldest first. */
export async function newestWindows(
  reader: Reader,
  project: string,
  monitor: string,
  limit: number,
): Promise<MonitorWindow[]> {
  const rows = await reader
    .selectFrom('monitor_windows')
    .selectAll()
    .where('project', '=', project)
    .where('monitor', '=', monitor)
    .orderBy('window_from', 'desc')
    .limit(limit)
    .execute();
  return rows.map(windowOf).toReversed();
}

function windowOf(row: Selectable<Schema['monitor_windows']>): MonitorWindow {
  return {
    from: row.window_from,
    before: row.window_before,
    verdict: row.verdict,
    reason: row.reason,
    n: row.n,
    judgedAt: row.judged_at,
    revision: row.revision,
    modelVersion: row.model_version,
    ...(JSON.parse(row.body) as Pick<MonitorWindow, 'columns' | 'performance'>),
    eventSeq: row.event_seq,
  };
}

export async function countWindows(reader: Reader, project: string, monitor: string): Promise<number> {
  const { count } = await reader
    .selectFrom('monitor_windows')
    .select((of) => of.fn.countAll().as('count'))
    .where('project', '=', project)
    .where('monitor', '=', monitor)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function standingAlert(
  reader: Reader,
  project: string,
  monitor: string,
): Promise<StandingAlert | undefined> {
  return await reader
    .selectFrom('monitor_alerts')
    .select(['id', 'revision'])
    .where('project', '=', project)
    .where('monitor', '=', monitor)
    .where('resolved_at', 'is', null)
    .executeTakeFirst();
}

export async function insertAlert(writer: Writer, row: Selectable<Schema['monitor_alerts']>): Promise<void> {
  await writer.insertInto('monitor_alerts').values(row).execute();
}

export async function resolveAlert(writer: Writer, id: string, resolution: string, at: number): Promise<void> {
  await writer.updateTable('monitor_alerts').set({ resolved_at: at, resolution }).where('id', '=', id).execute();
}

/** Newest first. */
export async function newestAlerts(
  reader: Reader,
  project: string,
  monitor: string,
  limit: number,
): Promise<MonitorAlert[]> {
  const rows = await reader
    .selectFrom('monitor_alerts')
    .selectAll()
    .where('project', '=', project)
    .where('monitor', '=', monitor)
    .orderBy('event_seq', 'desc')
    .limit(limit)
    .execute();
  return rows.map(alertOf);
}

/** Alerts that stand, of all projects, the oldest first. */
export async function standingAlerts(reader: Reader): Promise<(MonitorAlert & { readonly project: string })[]> {
  const rows = await reader
    .selectFrom('monitor_alerts')
    .selectAll()
    .where('resolved_at', 'is', null)
    .orderBy('event_seq')
    .execute();
  return rows.map((row) => ({ ...alertOf(row), project: row.project }));
}

function alertOf(row: Selectable<Schema['monitor_alerts']>): MonitorAlert {
  return {
    id: row.id,
    monitor: row.monitor,
    kind: row.kind,
    reason: row.reason,
    from: row.window_from,
    before: row.window_before,
    raisedAt: row.raised_at,
    resolvedAt: row.resolved_at,
    resolution: row.resolution,
    eventSeq: row.event_seq,
  };
}
