import type { Reader, Writer } from '#database';

/** The version that the alias points to now. */
export async function findAlias(reader: Reader, modelId: string, alias: string): Promise<number | undefined> {
  const row = await reader
    .selectFrom('model_aliases')
    .select('version')
    .where('model_id', '=', modelId)
    .where('alias', '=', alias)
    .executeTakeFirst();
  return row?.version;
}

export async function aliasesOfVersion(reader: Reader, modelId: string, version: number): Promise<string[]> {
  const rows = await reader
    .selectFrom('model_aliases')
    .select('alias')
    .where('model_id', '=', modelId)
    .where('version', '=', version)
    .orderBy('alias')
    .execute();
  return rows.map((row) => row.alias);
}

export async function aliasesOfModel(reader: Reader, modelId: string): Promise<{ alias: string; version: number }[]> {
  return await reader
    .selectFrom('model_aliases')
    .select(['alias', 'version'])
    .where('model_id', '=', modelId)
    .orderBy('alias')
    .execute();
}

/** Points the alias to a version, or nowhere. The caller records the move. */
export async function putAlias(writer: Writer, modelId: string, alias: string, version: number | null): Promise<void> {
  if (version === null) {
    await writer.deleteFrom('model_aliases').where('model_id', '=', modelId).where('alias', '=', alias).execute();
    return;
  }
  await writer
    .insertInto('model_aliases')
    .values({ model_id: modelId, alias, version })
    .onConflict((conflict) => conflict.columns(['model_id', 'alias']).doUpdateSet({ version }))
    .execute();
}
