import { sql } from 'kysely';
import type { Reader, Writer } from '#database';
import type { Digest } from '#ports/blob-store';
import type { ArtifactEntry, ArtifactFile } from '../model.ts';

export async function findFile(reader: Reader, root: string, path: string): Promise<ArtifactFile | undefined> {
  const row = await reader
    .selectFrom('artifacts')
    .select(['path', 'digest', 'size_bytes'])
    .where('root', '=', root)
    .where('path', '=', path)
    .executeTakeFirst();
  return row && { path: row.path, digest: row.digest as Digest, sizeBytes: row.size_bytes };
}

/** Files under a folder, at any depth, by path. */
export async function filesUnder(reader: Reader, root: string, folder: string): Promise<ArtifactFile[]> {
  const rows = await within(reader, root, folder).select(['path', 'digest', 'size_bytes']).orderBy('path').execute();
  return rows.map((row) => ({ path: row.path, digest: row.digest as Digest, sizeBytes: row.size_bytes }));
}

/** Whether any file lies under the folder. */
export async function hasFilesUnder(reader: Reader, root: string, folder: string): Promise<boolean> {
  const row = await within(reader, root, folder).select('path').limit(1).executeTakeFirst();
  return row !== undefined;
}

/** What lies directly in a folder, by name. */
export async function entriesOf(reader: Reader, root: string, folder: string): Promise<ArtifactEntry[]> {
  const prefix = folder === '' ? '' : `${folder}/`;
  const rows = await within(reader, root, folder).select(['path', 'digest', 'size_bytes']).orderBy('path').execute();
  const entries = new Map<string, ArtifactEntry>();
  for (const row of rows) {
    const [name = '', ...deeper] = row.path.slice(prefix.length).split('/');
    if (deeper.length > 0) entries.set(name, { kind: 'folder', path: prefix + name });
    else entries.set(name, { kind: 'file', path: row.path, sizeBytes: row.size_bytes, digest: row.digest as Digest });
  }
  return [...entries.values()];
}

/** True when it was not there with the same bytes. */
export async function putFile(writer: Writer, root: string, file: ArtifactFile, at: number): Promise<boolean> {
  const known = await findFile(writer, root, file.path);
  if (known?.digest === file.digest) return false;
  await writer
    .insertInto('artifacts')
    .values({ root, path: file.path, digest: file.digest, size_bytes: file.sizeBytes, stored_at: at })
    .onConflict((conflict) =>
      conflict
        .columns(['root', 'path'])
        .doUpdateSet({ digest: file.digest, size_bytes: file.sizeBytes, stored_at: at }),
    )
    .execute();
  return true;
}

/** Removes a file, or all under a folder (all of the root for the empty path); returns how many were there. */
export async function removeFiles(writer: Writer, root: string, path: string): Promise<number> {
  const isUnder = path === '' ? sql<boolean>`1 = 1` : sql<boolean>`(path = ${path} or ${startsWith(`${path}/`)})`;
  const removed = await writer.deleteFrom('artifacts').where('root', '=', root).where(isUnder).executeTakeFirst();
  return Number(removed.numDeletedRows);
}

function within(reader: Reader, root: string, folder: string) {
  const files = reader.selectFrom('artifacts').where('root', '=', root);
  return folder === '' ? files : files.where(startsWith(`${folder}/`));
}

/** By the length of the prefix, since ranges of text depend on the database's collation. */
function startsWith(prefix: string) {
  return sql<boolean>`substr(path, 1, ${sql.lit(Array.from(prefix).length)}) = ${prefix}`;
}

/** Whether files may lie under the root: its run or logged model is there, if only in the trash. */
export async function isArtifactRoot(reader: Reader, root: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from runs where artifact_root = ${root}
    union all select 1 from logged_models where artifact_root = ${root}`.execute(reader);
  return rows.length > 0;
}
