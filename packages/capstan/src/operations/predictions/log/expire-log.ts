import type { Database } from '#database';
import { dropLogFiles } from './log.store.ts';

/**
 * Forgets what was answered before a time: files of the log all of whose rows are older, and rows of deployments that no
 * project declares. What projects have measured of their answers stays. Returns how many files went.
 */
export async function expireLog({ database }: { readonly database: Database }, before: number): Promise<number> {
  return await database.write((writer) => dropLogFiles(writer, before));
}
