import type { DataRow } from '#ports/analytics';
import { dataFile, type LogQueryDeps } from './query-log.ts';
import { logFiles } from './log.store.ts';

const EVER = { from: -8.64e15, to: 8.64e15 };
/** The newest files: what was asked of late is enough. */
const FILES = 2;
const PREFIX = 'input_';

/** What a deployment was asked of late, newest first: a value, or a list of them, by input. None where nothing is logged. */
export async function recentInputs(
  deps: LogQueryDeps,
  { deployment, rows }: { readonly deployment: string; readonly rows: number },
  signal?: AbortSignal,
): Promise<DataRow[]> {
  const files = (await logFiles(deps.database.read, { deployment, ...EVER })).slice(-FILES);
  if (files.length === 0) return [];
  const tables = { predictions: await Promise.all(files.map((file) => dataFile(deps, file))) };
  const found = await deps.analytics.query({
    tables,
    sql: `select * from predictions where role <> 'shadow' and error is null order by predicted_at desc limit ${rows}`,
    ...(signal && { signal }),
  });
  return found.map((row) => {
    const inputs = Object.entries(row).filter(([column]) => column.startsWith(PREFIX));
    return Object.fromEntries(inputs.map(([column, value]) => [column.slice(PREFIX.length), value]));
  });
}
