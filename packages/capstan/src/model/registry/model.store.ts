import { sql, type Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import { isPromptTag, PROMPT_TAG, type KeyValue, type RegisteredModel } from './model.ts';
import { latestOfStages } from './version.store.ts';

export type ModelRow = Selectable<Schema['registered_models']>;

export async function findModel(reader: Reader, name: string): Promise<ModelRow | undefined> {
  return await reader.selectFrom('registered_models').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function insertModel(writer: Writer, row: ModelRow): Promise<void> {
  await writer.insertInto('registered_models').values(row).execute();
}

export async function updateModel(
  writer: Writer,
  id: string,
  change: { name?: string; description?: string | null; project?: string },
  at: number,
): Promise<void> {
  await writer
    .updateTable('registered_models')
    .set({ ...change, updated_at: at })
    .where('id', '=', id)
    .execute();
}

/** The model with its versions, aliases and tags; its history stays. */
export async function removeModel(writer: Writer, id: string): Promise<void> {
  for (const table of ['model_version_tags', 'model_aliases', 'model_versions', 'registered_model_tags'] as const) {
    await writer.deleteFrom(table).where('model_id', '=', id).execute();
  }
  await writer.deleteFrom('registered_models').where('id', '=', id).execute();
}

export async function isPromptModel(reader: Reader, id: string): Promise<boolean> {
  const value = (await modelTags(reader, id)).get(PROMPT_TAG);
  return value !== undefined && isPromptTag({ key: PROMPT_TAG, value });
}

export async function modelTags(reader: Reader, id: string): Promise<ReadonlyMap<string, string>> {
  const rows = await reader
    .selectFrom('registered_model_tags')
    .select(['key', 'value'])
    .where('model_id', '=', id)
    .execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

export async function putModelTags(writer: Writer, id: string, tags: readonly KeyValue[]): Promise<void> {
  for (const { key, value } of tags) {
    await writer
      .insertInto('registered_model_tags')
      .values({ model_id: id, key, value })
      .onConflict((conflict) => conflict.columns(['model_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
}

export async function removeModelTag(writer: Writer, id: string, key: string): Promise<boolean> {
  const removed = await writer
    .deleteFrom('registered_model_tags')
    .where('model_id', '=', id)
    .where('key', '=', key)
    .executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

/** The number behind the greatest ever given under the name. */
export async function nextVersion(writer: Writer, name: string): Promise<number> {
  const row = await writer
    .insertInto('model_version_counters')
    .values({ name, last_version: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ last_version: sql<number>`model_version_counters.last_version + 1` }),
    )
    .returning('last_version')
    .executeTakeFirstOrThrow();
  return row.last_version;
}

/** After a rename, numbers go on behind the greatest of both names. */
export async function carryCounter(writer: Writer, from: string, to: string): Promise<void> {
  await sql`insert into model_version_counters (name, last_version)
    select ${to}, last_version from model_version_counters where name = ${from}
    on conflict (name) do update set last_version =
      case when excluded.last_version > model_version_counters.last_version
           then excluded.last_version else model_version_counters.last_version end`.execute(writer);
}

/** Adds tags, aliases and latest versions, in a few queries however many models there are. */
export async function loadModels(reader: Reader, rows: readonly ModelRow[]): Promise<RegisteredModel[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const tags = await reader
    .selectFrom('registered_model_tags')
    .selectAll()
    .where('model_id', 'in', ids)
    .orderBy('key')
    .execute();
  const aliases = await reader
    .selectFrom('model_aliases')
    .selectAll()
    .where('model_id', 'in', ids)
    .orderBy('alias')
    .execute();
  const latest = await latestOfStages(reader, rows);
  return rows.map((row) => ({
    name: row.name,
    description: row.description,
    project: row.project,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags: tags.filter((tag) => tag.model_id === row.id).map(({ key, value }) => ({ key, value })),
    aliases: aliases.filter((one) => one.model_id === row.id).map(({ alias, version }) => ({ alias, version })),
    latestVersions: latest.filter((version) => version.model === row.name),
  }));
}

/** No later version gets a number up to this one. */
export async function raiseCounter(writer: Writer, name: string, least: number): Promise<void> {
  await sql`insert into model_version_counters (name, last_version) values (${name}, ${least})
    on conflict (name) do update set last_version =
      case when excluded.last_version > model_version_counters.last_version
           then excluded.last_version else model_version_counters.last_version end`.execute(writer);
}

/** The description with the time at which it changed elsewhere. */
export async function setModelFacts(
  writer: Writer,
  id: string,
  description: string | null,
  updatedAt: number,
): Promise<void> {
  await writer
    .updateTable('registered_models')
    .set({ description, updated_at: updatedAt })
    .where('id', '=', id)
    .execute();
}
