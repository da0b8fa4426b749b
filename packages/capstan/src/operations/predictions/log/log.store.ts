import type { Selectable } from 'kysely';
import type { Reader, Schema, Writer } from '#database';
import { NO_PROJECT } from '#operations/deployments';

export type LogFileRow = Selectable<Schema['prediction_log_files']>;

/** Notes a file; the same again has no effect. */
export async function insertLogFile(writer: Writer, row: LogFileRow): Promise<void> {
  await writer
    .insertInto('prediction_log_files')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Files that hold rows of the time span, and perhaps others, oldest first; of all deployments unless one is named. */
export async function logFiles(
  reader: Reader,
  { deployment, from, to }: { readonly deployment?: string | undefined; readonly from: number; readonly to: number },
): Promise<LogFileRow[]> {
  let query = reader
    .selectFrom('prediction_log_files')
    .selectAll()
    .where('max_at', '>=', from)
    .where('min_at', '<', to);
  if (deployment !== undefined) query = query.where('deployment', '=', deployment);
  return await query.orderBy('deployment').orderBy('min_at').orderBy('name').execute();
}

/** Deployments with at least so many files below the size. */
export async function scattered(reader: Reader, fileBytes: number, count: number): Promise<string[]> {
  const rows = await reader
    .selectFrom('prediction_log_files')
    .select('deployment')
    .where('size_bytes', '<', fileBytes)
    .groupBy('deployment')
    .having(({ fn }) => fn.countAll(), '>=', count)
    .execute();
  return rows.map((row) => row.deployment);
}

/** The oldest files of a deployment below the size. */
export async function smallFiles(
  reader: Reader,
  deployment: string,
  fileBytes: number,
  count: number,
): Promise<LogFileRow[]> {
  return await reader
    .selectFrom('prediction_log_files')
    .selectAll()
    .where('deployment', '=', deployment)
    .where('size_bytes', '<', fileBytes)
    .orderBy('min_at')
    .orderBy('name')
    .limit(count)
    .execute();
}

/** Puts one file in the place of others. False when one of these is gone already: nothing is changed then. */
export async function replaceLogFiles(
  writer: Writer,
  before: readonly LogFileRow[],
  after: LogFileRow,
): Promise<boolean> {
  const names = before.map(({ name }) => name);
  const found = await writer
    .selectFrom('prediction_log_files')
    .select('name')
    .where('deployment', '=', after.deployment)
    .where('name', 'in', names)
    .execute();
  if (found.length < names.length) return false;
  await writer
    .deleteFrom('prediction_log_files')
    .where('deployment', '=', after.deployment)
    .where('name', 'in', names)
    .execute();
  await insertLogFile(writer, after);
  return true;
}

/** Removes files whose every row is older, and older rows that belong to no project; returns how many files went. */
export async function dropLogFiles(writer: Writer, before: number): Promise<number> {
  const dropped = await writer.deleteFrom('prediction_log_files').where('max_at', '<', before).executeTakeFirst();
  await writer.deleteFrom('predictions').where('project', '=', NO_PROJECT).where('predicted_at', '<', before).execute();
  return Number(dropped.numDeletedRows);
}
