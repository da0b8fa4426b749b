import { sql, type Insertable, type Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import type { KeyValue, ModelVersion, Stage } from './model.ts';

/** A version's row with the name of its model. */
export type VersionRow = Selectable<Schema['model_versions']> & { readonly model: string };

export async function findVersion(reader: Reader, model: string, version: number): Promise<VersionRow | undefined> {
  return await reader
    .selectFrom('model_versions')
    .innerJoin('registered_models', 'registered_models.id', 'model_versions.model_id')
    .selectAll('model_versions')
    .select('registered_models.name as model')
    .where('registered_models.name', '=', model)
    .where('model_versions.version', '=', version)
    .executeTakeFirst();
}

/** Newest first. */
export async function versionsOfRun(reader: Reader, runId: string): Promise<VersionRow[]> {
  return await reader
    .selectFrom('model_versions')
    .innerJoin('registered_models', 'registered_models.id', 'model_versions.model_id')
    .selectAll('model_versions')
    .select('registered_models.name as model')
    .where('model_versions.run_id', '=', runId)
    .orderBy('model_versions.created_at', 'desc')
    .orderBy('registered_models.name')
    .orderBy('model_versions.version', 'desc')
    .execute();
}

/** Notes that all versions changed: with their model's name. */
export async function touchVersions(writer: Writer, modelId: string, at: number): Promise<void> {
  await writer.updateTable('model_versions').set({ updated_at: at }).where('model_id', '=', modelId).execute();
}

/** Values of a version's tags by key. */
export async function versionTags(
  reader: Reader,
  key: { readonly model_id: string; readonly version: number },
): Promise<ReadonlyMap<string, string>> {
  const rows = await reader
    .selectFrom('model_version_tags')
    .select(['key', 'value'])
    .where('model_id', '=', key.model_id)
    .where('version', '=', key.version)
    .execute();
  return new Map(rows.map((row) => [row.key, row.value]));
}

export async function numbersOf(reader: Reader, modelId: string): Promise<number[]> {
  const rows = await reader
    .selectFrom('model_versions')
    .select('version')
    .where('model_id', '=', modelId)
    .orderBy('version')
    .execute();
  return rows.map((row) => row.version);
}

export async function insertVersion(writer: Writer, row: Insertable<Schema['model_versions']>): Promise<void> {
  await writer.insertInto('model_versions').values(row).execute();
}

export async function updateVersion(
  writer: Writer,
  key: { readonly model_id: string; readonly version: number },
  change: { description?: string | null; stage?: Stage },
  at: number,
): Promise<void> {
  await writer
    .updateTable('model_versions')
    .set({ ...change, updated_at: at })
    .where('model_id', '=', key.model_id)
    .where('version', '=', key.version)
    .execute();
}

/** Moves every other version out of a stage; returns their numbers. */
export async function archiveOthers(
  writer: Writer,
  key: { readonly model_id: string; readonly version: number },
  stage: Stage,
  at: number,
): Promise<number[]> {
  const rows = await writer
    .updateTable('model_versions')
    .set({ stage: 'Archived', updated_at: at })
    .where('model_id', '=', key.model_id)
    .where('stage', '=', stage)
    .where('version', '<>', key.version)
    .returning('version')
    .execute();
  return rows.map((row) => row.version);
}

export async function removeVersion(
  writer: Writer,
  key: { readonly model_id: string; readonly version: number },
): Promise<void> {
  for (const table of ['model_version_tags', 'model_versions'] as const) {
    await writer.deleteFrom(table).where('model_id', '=', key.model_id).where('version', '=', key.version).execute();
  }
}

export async function putVersionTags(
  writer: Writer,
  key: { readonly model_id: string; readonly version: number },
  tags: readonly KeyValue[],
): Promise<void> {
  for (const tag of tags) {
    await writer
      .insertInto('model_version_tags')
      .values({ model_id: key.model_id, version: key.version, key: tag.key, value: tag.value })
      .onConflict((conflict) => conflict.columns(['model_id', 'version', 'key']).doUpdateSet({ value: tag.value }))
      .execute();
  }
}

export async function removeVersionTag(
  writer: Writer,
  key: { readonly model_id: string; readonly version: number },
  tag: string,
): Promise<boolean> {
  const removed = await writer
    .deleteFrom('model_version_tags')
    .where('model_id', '=', key.model_id)
    .where('version', '=', key.version)
    .where('key', '=', tag)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

/** The newest version of each stage of each model. */
export async function latestOfStages(
  reader: Reader,
  models: readonly { id: string; name: string }[],
): Promise<ModelVersion[]> {
  const { rows } = await sql<VersionRow>`
    select v.*, m.name as model from model_versions v join registered_models m on m.id = v.model_id
     where v.model_id in (${sql.join(models.map((model) => model.id))})
       and not exists (select 1 from model_versions n
                        where n.model_id = v.model_id and n.stage = v.stage and n.version > v.version)
     order by v.model_id, v.version`.execute(reader);
  return await loadVersions(reader, rows);
}

/** Adds tags and aliases, in two queries however many versions there are. */
export async function loadVersions(reader: Reader, rows: readonly VersionRow[]): Promise<ModelVersion[]> {
  if (rows.length === 0) return [];
  const ids = [...new Set(rows.map((row) => row.model_id))];
  const numbers = [...new Set(rows.map((row) => row.version))];
  const tags = await reader
    .selectFrom('model_version_tags')
    .selectAll()
    .where('model_id', 'in', ids)
    .where('version', 'in', numbers)
    .orderBy('key')
    .execute();
  const aliases = await reader
    .selectFrom('model_aliases')
    .selectAll()
    .where('model_id', 'in', ids)
    .orderBy('alias')
    .execute();
  const tagsOf = Map.groupBy(tags, (tag) => `${tag.model_id} ${tag.version}`);
  const aliasesOf = Map.groupBy(aliases, (alias) => `${alias.model_id} ${alias.version}`);
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    source: row.source,
    files: row.artifact_root === null ? null : { root: row.artifact_root, path: row.artifact_path ?? '' },
    filesUri: row.files_uri,
    runId: row.run_id,
    loggedModelId: row.logged_model_id,
    runLink: row.run_link,
    description: row.description,
    stage: row.stage,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags: (tagsOf.get(`${row.model_id} ${row.version}`) ?? []).map(({ key, value }) => ({ key, value })),
    aliases: (aliasesOf.get(`${row.model_id} ${row.version}`) ?? []).map(({ alias }) => alias),
  }));
}

/** What each version stands on: the run, logged model and folder that must stay as long as it does. */
export async function versionReferences(reader: Reader) {
  const rows = await reader
    .selectFrom('model_versions')
    .innerJoin('registered_models', 'registered_models.id', 'model_versions.model_id')
    .select(['registered_models.name as model', 'version', 'run_id', 'logged_model_id', 'artifact_root'])
    .orderBy('registered_models.name')
    .orderBy('version')
    .execute();
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    runId: row.run_id,
    loggedModelId: row.logged_model_id,
    root: row.artifact_root,
  }));
}

/** Rows of a model's versions, by number. */
export async function rowsOf(reader: Reader, modelId: string): Promise<Selectable<Schema['model_versions']>[]> {
  return await reader
    .selectFrom('model_versions')
    .selectAll()
    .where('model_id', '=', modelId)
    .orderBy('version')
    .execute();
}

/** Stores a version, or all that is said of the one that is there. */
export async function upsertVersion(writer: Writer, row: Insertable<Schema['model_versions']>): Promise<void> {
  const { model_id: _model, version: _version, ...facts } = row;
  await writer
    .insertInto('model_versions')
    .values(row)
    .onConflict((conflict) => conflict.columns(['model_id', 'version']).doUpdateSet(facts))
    .execute();
}
