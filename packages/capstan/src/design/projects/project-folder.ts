import { constants, type Stats } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { invalid } from '#kernel/errors';

/** A file inside a project's folder, open for reading. The caller closes the handle. */
export interface ProjectFile {
  readonly handle: FileHandle;
  /** Below the folder, with forward slashes, by the name it was asked for. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** @throws DomainError INVALID_ARGUMENT when the folder is none on this machine */
export async function resolveFolder(folder: string): Promise<string> {
  const hint = 'Give the absolute path of the project’s folder on the machine where the server runs.';
  if (!isAbsolute(folder)) throw invalid(`The folder '${folder}' is not an absolute path`, { field: 'folder', hint });
  const real = await realpath(folder).catch(() => undefined);
  const isFolder = real !== undefined && (await stat(real)).isDirectory();
  if (!isFolder) throw invalid(`There is no folder ${folder} on this machine`, { field: 'folder', hint });
  return real;
}

/**
 * Opens a regular file of a project's folder. A path that leads out of it, also by a symbolic link, is refused: what a
 * project may name is its own files.
 * @throws DomainError INVALID_ARGUMENT
 */
export async function openInside(folder: string, path: string): Promise<ProjectFile> {
  const root = await resolveFolder(folder);
  const wanted = resolve(root, path);
  const real = await realpath(wanted).catch(() => undefined);
  if (real === undefined) throw invalid(`There is no file '${path}' in the project's folder`, { field: path });
  if (!real.startsWith(root + sep)) {
    throw invalid(`'${path}' is not inside the project's folder`, {
      field: path,
      hint: 'Copy the file into the folder first, or apply capstan.yaml from the folder that holds it.',
    });
  }
  // Without NONBLOCK a named pipe would hold this call for ever.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw invalid(`'${path}' is not a regular file`, { field: path });
    await assertStillThere(real, facts, path);
    const shown = wanted.startsWith(root + sep) ? wanted : real;
    return { handle, path: relative(root, shown).split(sep).join('/'), sizeBytes: facts.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What was opened must be what was checked, in case a folder on the way was swapped for a link in between. */
async function assertStillThere(real: string, opened: Stats, path: string): Promise<void> {
  const now = (await realpath(real).catch(() => undefined)) === real ? await stat(real) : undefined;
  if (now?.ino === opened.ino && now.dev === opened.dev) return;
  throw invalid(`'${path}' changed while it was being opened`, { field: path, hint: 'Try again.' });
}
