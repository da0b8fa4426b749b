import type { FeatureCheck, Materialization, TrainingSet } from '@capstan/api';
import type { Reader, Writer } from '#database';
import type { DataColumn } from '#ports/analytics';
import type { ResolvedView } from './model.ts';

interface ViewKey {
  readonly project: string;
  readonly name: string;
}

/** Latest features of an entity. */
export interface OnlineRow {
  readonly entity: string;
  readonly eventTime: number;
  /** JSON: value by feature. */
  readonly features: string;
}

/** The view as it was when the online store was last brought up to date. */
export interface ServedView {
  readonly number: number;
  readonly digest: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly entityColumns: readonly DataColumn[];
  readonly features: readonly DataColumn[];
}

/** Most values of one `in (…)`. */
const MOST_KEYS = 500;

export async function lastNumber(reader: Reader, project: string, view: string): Promise<number> {
  const row = await reader
    .selectFrom('feature_materializations')
    .select(({ fn }) => fn.max('number').as('number'))
    .where('project', '=', project)
    .where('view', '=', view)
    .executeTakeFirst();
  return row?.number ?? 0;
}

export async function addMaterialization(
  writer: Writer,
  view: ResolvedView,
  { versions, startedAt, endedAt, ...rest }: Materialization,
): Promise<void> {
  await writer
    .insertInto('feature_materializations')
    .values({
      project: view.project,
      view: view.name,
      ...rest,
      definition_digest: view.digest,
      versions: JSON.stringify(versions),
      entity_columns: JSON.stringify(view.entityColumns),
      features: JSON.stringify(view.features),
      started_at: startedAt,
      ended_at: endedAt,
    })
    .execute();
}

/** The newest materialization of each view of a project. */
export async function lastMaterializations(reader: Reader, project: string): Promise<Map<string, Materialization>> {
  const rows = await reader
    .selectFrom('feature_materializations as m')
    .selectAll('m')
    .where('m.project', '=', project)
    .where(({ eb, selectFrom }) =>
      eb(
        'm.number',
        '=',
        selectFrom('feature_materializations as n')
          .select(({ fn }) => fn.max('n.number').as('number'))
          .whereRef('n.project', '=', 'm.project')
          .whereRef('n.view', '=', 'm.view'),
      ),
    )
    .execute();
  return new Map(
    rows.map((row) => [
      row.view,
      {
        number: row.number,
        status: row.status,
        reason: row.reason,
        versions: JSON.parse(row.versions) as Record<string, string>,
        entities: row.entities,
        written: row.written,
        removed: row.removed,
        newest: row.newest,
        startedAt: row.started_at,
        endedAt: row.ended_at,
      },
    ]),
  );
}

/** What is served of a view; undefined where nothing has been materialized. */
export async function servedView(reader: Reader, project: string, view: string): Promise<ServedView | undefined> {
  const row = await reader
    .selectFrom('feature_materializations')
    .select(['number', 'definition_digest', 'versions', 'entity_columns', 'features'])
    .where('project', '=', project)
    .where('view', '=', view)
    .where('status', '=', 'succeeded')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return (
    row && {
      number: row.number,
      digest: row.definition_digest,
      versions: JSON.parse(row.versions) as Record<string, string>,
      entityColumns: JSON.parse(row.entity_columns) as DataColumn[],
      features: JSON.parse(row.features) as DataColumn[],
    }
  );
}

/** By entity. */
export async function onlineRows(
  reader: Reader,
  { project, name }: ViewKey,
  entities: readonly string[],
): Promise<Map<string, OnlineRow>> {
  const found = new Map<string, OnlineRow>();
  for (let start = 0; start < entities.length; start += MOST_KEYS) {
    const rows = await reader
      .selectFrom('online_features')
      .select(['entity', 'event_time', 'features'])
      .where('project', '=', project)
      .where('view', '=', name)
      .where('entity', 'in', entities.slice(start, start + MOST_KEYS))
      .execute();
    for (const { entity, event_time: eventTime, features } of rows) found.set(entity, { entity, eventTime, features });
  }
  return found;
}

export async function putOnlineRows(
  writer: Writer,
  { project, name }: ViewKey,
  rows: readonly OnlineRow[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += MOST_KEYS) {
    await writer
      .insertInto('online_features')
      .values(
        rows.slice(start, start + MOST_KEYS).map(({ entity, eventTime, features }) => ({
          project,
          view: name,
          entity,
          event_time: eventTime,
          features,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['project', 'view', 'entity']).doUpdateSet(({ ref }) => ({
          event_time: ref('excluded.event_time'),
          features: ref('excluded.features'),
        })),
      )
      .execute();
  }
}

export async function removeOnlineRows(
  writer: Writer,
  { project, name }: ViewKey,
  entities: readonly string[],
): Promise<void> {
  for (let start = 0; start < entities.length; start += MOST_KEYS) {
    await writer
      .deleteFrom('online_features')
      .where('project', '=', project)
      .where('view', '=', name)
      .where('entity', 'in', entities.slice(start, start + MOST_KEYS))
      .execute();
  }
}

/** Pages of the entities that are online, in their order. */
export async function* entitiesOnline(
  reader: Reader,
  project: string,
  view: string,
  pageSize: number,
): AsyncGenerator<string[]> {
  let after: string | undefined;
  for (;;) {
    let query = reader
      .selectFrom('online_features')
      .select('entity')
      .where('project', '=', project)
      .where('view', '=', view)
      .orderBy('entity')
      .limit(pageSize);
    if (after !== undefined) query = query.where('entity', '>', after);
    const rows = await query.execute();
    if (rows.length === 0) return;
    const page = rows.map((row) => row.entity);
    after = page.at(-1);
    yield page;
  }
}

export async function keepCheck(writer: Writer, project: string, check: FeatureCheck): Promise<void> {
  const row = { checked_at: check.checkedAt, report: JSON.stringify(check) };
  await writer
    .insertInto('feature_checks')
    .values({ project, view: check.view, ...row })
    .onConflict((conflict) => conflict.columns(['project', 'view']).doUpdateSet(row))
    .execute();
}

/** The last check of each view of a project. */
export async function lastChecks(reader: Reader, project: string): Promise<Map<string, FeatureCheck>> {
  const rows = await reader
    .selectFrom('feature_checks')
    .select(['view', 'report'])
    .where('project', '=', project)
    .execute();
  return new Map(rows.map(({ view, report }) => [view, JSON.parse(report) as FeatureCheck]));
}

export async function addTrainingSet(writer: Writer, set: TrainingSet, recipeDigest: string): Promise<void> {
  await writer
    .insertInto('training_sets')
    .values({
      id: set.id,
      project: set.project,
      recipe_digest: recipeDigest,
      rows_from: set.rowsFrom,
      event_time: set.eventTime,
      features: JSON.stringify(set.features),
      versions: JSON.stringify(set.versions),
      columns: JSON.stringify(set.columns),
      rows: set.rows,
      size_bytes: set.sizeBytes,
      digest: set.digest,
      created_at: set.createdAt,
    })
    .execute();
}

export function trainingSetOf(reader: Reader, project: string, recipe: string): Promise<TrainingSet | undefined> {
  return oneSet(
    reader.selectFrom('training_sets').selectAll().where('project', '=', project).where('recipe_digest', '=', recipe),
  );
}

export function findTrainingSet(reader: Reader, id: string): Promise<TrainingSet | undefined> {
  return oneSet(reader.selectFrom('training_sets').selectAll().where('id', '=', id));
}

async function oneSet(query: { executeTakeFirst(): Promise<TrainingSetRow | undefined> }) {
  const row = await query.executeTakeFirst();
  return (
    row && {
      id: row.id,
      project: row.project,
      rowsFrom: row.rows_from,
      eventTime: row.event_time,
      features: JSON.parse(row.features) as string[],
      versions: JSON.parse(row.versions) as Record<string, string>,
      columns: JSON.parse(row.columns) as TrainingSet['columns'],
      rows: row.rows,
      sizeBytes: row.size_bytes,
      digest: row.digest,
      createdAt: row.created_at,
    }
  );
}

interface TrainingSetRow {
  readonly id: string;
  readonly project: string;
  readonly rows_from: string;
  readonly event_time: string;
  readonly features: string;
  readonly versions: string;
  readonly columns: string;
  readonly rows: number;
  readonly size_bytes: number;
  readonly digest: string;
  readonly created_at: number;
}
