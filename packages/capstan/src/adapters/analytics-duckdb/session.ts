import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { DuckDBConnection, DuckDBValueConverter } from '@duckdb/node-api';
import { quoteText, type Cell } from '#ports/analytics';
import { cellConverter } from './cells.ts';

export interface SessionLimits {
  /** Directory for what does not fit into memory; made when needed, emptied after each scan. */
  readonly temporaryFolder: string;
  readonly memoryBytes: number;
}

export interface Session {
  readonly connection: DuckDBConnection;
  readonly toCell: DuckDBValueConverter<Cell>;
  readonly vendor: typeof import('@duckdb/node-api');
}

export interface SessionNeeds {
  /** Absolute paths of the only files that may be touched. */
  readonly paths: readonly string[];
  /** One thread writes rows in their order; several do not always. */
  readonly isOrdered?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` on a fresh database in memory that can touch the given files and nothing else: the file system, the network
 * and extensions are shut off, and the settings are locked before any statement of the caller runs.
 * @throws the reason of `signal` when it is aborted; whatever DuckDB throws
 */
export async function inSession<Result>(
  limits: SessionLimits,
  needs: SessionNeeds,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  needs.signal?.throwIfAborted();
  // Else DuckDB makes it in the middle of a scan, and a failure to do so looks like one of the data.
  await mkdir(limits.temporaryFolder, { recursive: true });
  // 68 MB of library: loaded by the first scan, not by the start of the server.
  const vendor = await import('@duckdb/node-api');
  const instance = await vendor.DuckDBInstance.create(':memory:', {
    threads: String(needs.isOrdered ? 1 : availableParallelism()),
    memory_limit: `${Math.floor(limits.memoryBytes / 1_000_000)}MB`,
    temp_directory: limits.temporaryFolder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  try {
    await connection.run(`set TimeZone = 'UTC';
      set allowed_paths = [${needs.paths.map(quoteText).join(', ')}];
      set enable_external_access = false;
      set lock_configuration = true;`);
    needs.signal?.addEventListener('abort', interrupt);
    return await work({ connection, toCell: cellConverter(vendor), vendor });
  } catch (error) {
    needs.signal?.throwIfAborted();
    throw error;
  } finally {
    needs.signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
    instance.closeSync();
  }
}
