import type { Materialization } from '@capstan/api';
import type { Project } from '#design/projects';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import type { Cell, DataRow } from '#ports/analytics';
import type { FeaturesContext } from './deps.ts';
import { entityKey, versionsOf, type ResolvedView } from './model.ts';
import * as store from './store.ts';
import { refuseBadRows } from './training-set.ts';
import { defineView, resolveView, saidOfSelect } from './view.ts';
import { AT, latestRows, rawTables } from './view-sql.ts';

/** So many entities are compared and written together. */
const BATCH = 2_000;

/**
 * Brings the online store up to date: the newest row of each entity that is known now. Entities are written some thousands
 * at a time, so a reader may meet old and new ones beside each other; stopped anywhere, the next one completes it.
 * @throws DomainError as `resolveView`; the failure is recorded too
 */
export async function materialize(
  deps: FeaturesContext,
  project: Project,
  name: string,
  cause: Cause,
  signal?: AbortSignal,
): Promise<Materialization> {
  const startedAt = deps.clock.now();
  const definition = await defineView(deps, project, name);
  let view: ResolvedView | undefined;
  try {
    view = await resolveView(deps, project, definition);
    await refuseBadRows(deps, view);
    const question = { tables: rawTables(view.tables), sql: latestRows(view, startedAt), ...(signal && { signal }) };
    const rows = await saidOfSelect(view, () => deps.analytics.query(question));
    const counts = await replace(deps, view, rows, signal);
    const newest = rows.reduce((most, row) => Math.max(most, Number(row[AT])), Number.NEGATIVE_INFINITY);
    const done = { ...counts, newest: rows.length === 0 ? null : newest, startedAt };
    return await record(deps, view, { status: 'succeeded', reason: null, ...done }, cause);
  } catch (error) {
    if (error instanceof DomainError && error.code !== 'INTERNAL') {
      const none = { entities: 0, written: 0, removed: 0, newest: null, startedAt };
      const failed = { ...definition, tables: view?.tables ?? [], entityColumns: [], features: [] };
      await record(deps, failed, { status: 'failed', reason: error.message, ...none }, cause);
    }
    throw error;
  }
}

type Outcome = Omit<Materialization, 'number' | 'versions' | 'endedAt'>;

function record(deps: FeaturesContext, view: ResolvedView, outcome: Outcome, cause: Cause): Promise<Materialization> {
  return deps.database.write(async (writer) => {
    const { project, name } = view;
    const number = (await store.lastNumber(writer, project, name)) + 1;
    const made = { ...outcome, number, versions: versionsOf(view.tables), endedAt: deps.clock.now() };
    await store.addMaterialization(writer, view, made);
    const { status, reason, versions, entities, written, removed } = made;
    await deps.events.append(writer, cause, {
      type: 'feature-view.materialized',
      project,
      subject: `feature-view:${project}/${name}`,
      payload: { view: name, number, status, reason, versions, entities, written, removed },
    });
    return made;
  });
}

/** Writes what has changed and takes out what is gone. */
async function replace(
  deps: FeaturesContext,
  view: ResolvedView,
  rows: readonly DataRow[],
  signal: AbortSignal | undefined,
): Promise<Pick<Materialization, 'entities' | 'written' | 'removed'>> {
  const { project, name } = view;
  const present = new Set<string>();
  let written = 0;
  for (let start = 0; start < rows.length; start += BATCH) {
    signal?.throwIfAborted();
    const batch = rows.slice(start, start + BATCH).map((row) => onlineRow(view, row));
    for (const { entity } of batch) present.add(entity);
    const before = await store.onlineRows(
      deps.database.read,
      view,
      batch.map((row) => row.entity),
    );
    const changed = batch.filter(({ entity, eventTime, features }) => {
      const known = before.get(entity);
      return known?.eventTime !== eventTime || known.features !== features;
    });
    written += changed.length;
    if (changed.length > 0) await deps.database.write((writer) => store.putOnlineRows(writer, view, changed));
  }
  let removed = 0;
  for await (const entities of store.entitiesOnline(deps.database.read, project, name, BATCH)) {
    signal?.throwIfAborted();
    const gone = entities.filter((entity) => !present.has(entity));
    removed += gone.length;
    if (gone.length > 0) await deps.database.write((writer) => store.removeOnlineRows(writer, view, gone));
  }
  return { entities: rows.length, written, removed };
}

function onlineRow(view: ResolvedView, row: DataRow): store.OnlineRow {
  const values: Record<string, Cell> = {};
  for (const { name } of view.features) values[name] = jsonCell(row[name] ?? null);
  return {
    entity: entityKey(view.entities.map((entity) => row[entity] ?? null)),
    eventTime: Number(row[AT]),
    features: JSON.stringify(values),
  };
}

/** JSON holds no NaN and no infinity: as in the rest of the field, no value. */
export function jsonCell(cell: Cell): Cell {
  return typeof cell === 'number' && !Number.isFinite(cell) ? null : cell;
}
