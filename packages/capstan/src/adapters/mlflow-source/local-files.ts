// Files of runs that lie in folders of this machine.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DomainError } from '#kernel/errors';
import type { SourceFile } from '#ports/tracking-source';

/** Where URIs of one beginning lie on this machine. */
export interface ArtifactMapping {
  readonly prefix: string;
  readonly folder: string;
}

/** What `--artifacts` may say: `FOLDER`, for what MLflow's server keeps for its clients, or `URI=FOLDER`. */
export function parseArtifactMapping(text: string, cwd: string): ArtifactMapping {
  const mark = text.lastIndexOf('=');
  if (mark <= 0) return { prefix: 'mlflow-artifacts:/', folder: resolve(cwd, text) };
  return { prefix: text.slice(0, mark), folder: resolve(cwd, text.slice(mark + 1)) };
}

/** @throws DomainError UNAVAILABLE for a place that is not on this machine as far as is known */
export function localFolder(uri: string, mappings: readonly ArtifactMapping[]): string {
  const wanted = withoutHost(uri);
  for (const { prefix, folder } of mappings.toSorted((a, b) => b.prefix.length - a.prefix.length)) {
    const start = withoutHost(prefix);
    if (!wanted.startsWith(start)) continue;
    return inside(folder, decoded(wanted.slice(start.length).replace(/^\/+/, '')), uri);
  }
  if (uri.startsWith('file:')) return fileURLToPath(uri.replace(/^file:\/*/, 'file:///'));
  if (isAbsolute(uri)) return uri;
  const isScheme = /^[a-z][a-z0-9+.-]+:/i.test(uri);
  throw new DomainError('UNAVAILABLE', `The files at ${uri.slice(0, 200)} are not on this machine as far as is known`, {
    field: 'artifacts',
    hint: isScheme
      ? 'Say where they are with --artifacts FOLDER or --artifacts URI=FOLDER, or import from the running server.'
      : 'They lie beside where MLflow was started: say where with --artifacts URI=FOLDER.',
  });
}

/** Every file under the folder, by path; none where the folder is not there. Links are not followed. */
export async function filesIn(folder: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  async function walk(path: string): Promise<void> {
    const entries = await readdir(join(folder, path), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const entry of entries) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) await walk(inner);
      else if (entry.isFile()) {
        const { size, mtimeMs } = await stat(join(folder, inner));
        files.push({ path: inner, sizeBytes: size, changed: String(mtimeMs) });
      }
    }
  }
  await walk('');
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export function openFile(folder: string, path: string): Readable {
  return createReadStream(inside(folder, path, path));
}

/** The path under the folder; one that climbs out of it is refused: it comes from a database that others wrote. */
function inside(folder: string, path: string, uri: string): string {
  const full = resolve(folder, path);
  if (full === folder || full.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return full;
  throw new DomainError('INVALID_ARGUMENT', `'${uri.slice(0, 200)}' leads out of ${folder}`, { field: 'artifacts' });
}

/** As it is where it is no encoding at all. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `mlflow-artifacts://host:5000/1/…` names the same place as `mlflow-artifacts:/1/…`. */
function withoutHost(uri: string): string {
  return uri
    .replace(/^mlflow-artifacts:\/\/[^/]*\/?/, 'mlflow-artifacts:/')
    .replace(/^mlflow-artifacts:\/+/, 'mlflow-artifacts:/');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
