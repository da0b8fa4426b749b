import { sql } from 'kysely';
import type { Reader, Writer } from '#database';
import type { AliasMove } from './model.ts';

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

/** Points the alias elsewhere, or nowhere, and notes the move: one without the other cannot happen. */
export async function moveAlias(writer: Writer, modelId: string, move: Omit<AliasMove, 'seq'>): Promise<void> {
  if (move.to === null) {
    await writer.deleteFrom('model_aliases').where('model_id', '=', modelId).where('alias', '=', move.alias).execute();
  } else {
    const version = move.to;
    await writer
      .insertInto('model_aliases')
      .values({ model_id: modelId, alias: move.alias, version })
      .onConflict((conflict) => conflict.columns(['model_id', 'alias']).doUpdateSet({ version }))
      .execute();
  }
  const last = await sql<{ seq: number | null }>`
    select max(seq) as seq from model_alias_moves where model_id = ${modelId}`.execute(writer);
  await writer
    .insertInto('model_alias_moves')
    .values({
      model_id: modelId,
      seq: Number(last.rows[0]?.seq ?? 0) + 1,
      alias: move.alias,
      from_version: move.from,
      to_version: move.to,
      actor: move.actor,
      reason: move.reason,
      verdict_id: move.verdictId,
      moved_at: move.at,
    })
    .execute();
}

/** Moves before `before`, newest first. */
export async function movesOf(
  reader: Reader,
  modelId: string,
  query: { readonly alias?: string | undefined; readonly before?: number | undefined; readonly limit: number },
): Promise<AliasMove[]> {
  let rows = reader
    .selectFrom('model_alias_moves')
    .selectAll()
    .where('model_id', '=', modelId)
    .orderBy('seq', 'desc')
    .limit(query.limit);
  if (query.alias !== undefined) rows = rows.where('alias', '=', query.alias);
  if (query.before !== undefined) rows = rows.where('seq', '<', query.before);
  return (await rows.execute()).map((row) => ({
    seq: row.seq,
    alias: row.alias,
    from: row.from_version,
    to: row.to_version,
    actor: row.actor,
    reason: row.reason,
    verdictId: row.verdict_id,
    at: row.moved_at,
  }));
}
