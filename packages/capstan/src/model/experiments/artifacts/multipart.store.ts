import type { Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';

export type UploadRow = Selectable<Schema['multipart_uploads']>;

export async function insertUpload(writer: Writer, row: UploadRow): Promise<void> {
  await writer.insertInto('multipart_uploads').values(row).execute();
}

export async function findUpload(reader: Reader, id: string): Promise<UploadRow | undefined> {
  return await reader.selectFrom('multipart_uploads').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function completeUpload(writer: Writer, id: string): Promise<void> {
  await writer.updateTable('multipart_uploads').set({ state: 'completed' }).where('id', '=', id).execute();
}

/** False when it was not there. */
export async function removeUpload(writer: Writer, id: string): Promise<boolean> {
  const removed = await writer.deleteFrom('multipart_uploads').where('id', '=', id).executeTakeFirst();
  return removed.numDeletedRows > 0n;
}

export async function expiredUploads(reader: Reader, now: number): Promise<string[]> {
  const rows = await reader.selectFrom('multipart_uploads').select('id').where('expires_at', '<=', now).execute();
  return rows.map((row) => row.id);
}
