import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '#kernel/errors';
import type { TrackingSource } from '#ports/tracking-source';
import { openDatabaseSource } from './database-source.ts';
import { openFolderSource } from './folder-source.ts';
import { parseArtifactMapping } from './local-files.ts';
import { createRestClient, type Credentials } from './rest-client.ts';
import { openServerSource } from './server-source.ts';
import { openPostgresReader, openSqliteReader } from './sql-reader.ts';

export interface MlflowSourceOptions {
  /** `FOLDER`, or `URI=FOLDER`: where on this machine files lie. */
  readonly artifacts: readonly string[];
  /** For servers that ask who calls. */
  readonly credentials: Credentials;
  /** What relative paths start from. */
  readonly cwd: string;
}

/**
 * Opens what the URI names: `http(s)://…` (a running server), `sqlite:///PATH` and `postgresql://…` (its database), or a
 * folder (`mlruns`). @throws DomainError INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE saying what would help
 */
export async function openMlflowSource(uri: string, options: MlflowSourceOptions): Promise<TrackingSource> {
  const mappings = options.artifacts.map((mapping) => parseArtifactMapping(mapping, options.cwd));
  const scheme = /^([a-z][a-z0-9+]+):/i.exec(uri)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'http':
    case 'https': {
      const url = parsedUrl(uri);
      const address = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
      return openServerSource(createRestClient(url, options.credentials), address);
    }
    case 'sqlite': {
      const path = resolve(options.cwd, uri.replace(/^sqlite:(?:\/\/\/?)?/i, ''));
      return await openDatabaseSource(openSqliteReader(path), `sqlite:///${path}`, mappings);
    }
    case 'postgres':
    case 'postgresql':
    case 'postgresql+psycopg2':
    case 'postgresql+psycopg': {
      const { host, pathname } = parsedUrl(uri.replace(/^\w+(\+\w+)?:/, 'http:'));
      return await openDatabaseSource(await openPostgresReader(uri), `postgresql://${host}${pathname}`, mappings);
    }
    case 'file':
    case undefined: {
      const path = scheme === 'file' ? fileURLToPath(uri) : resolve(options.cwd, uri);
      return await openFolderSource(path, `file://${path}`, mappings);
    }
    default:
      throw new DomainError('INVALID_ARGUMENT', `'${scheme}:' is no place that MLflow's data is imported from`, {
        field: 'uri',
        hint: 'Give http(s)://SERVER, sqlite:///FILE, postgresql://… or a folder such as ./mlruns.',
      });
  }
}

function parsedUrl(uri: string): URL {
  try {
    return new URL(uri);
  } catch {
    throw new DomainError('INVALID_ARGUMENT', 'The address is no URL', { field: 'uri' });
  }
}
