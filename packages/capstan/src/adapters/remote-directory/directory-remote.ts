import { randomBytes } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  remoteError,
  type ObjectRemote,
  type RemoteCall,
  type RemoteFailure,
  type RemoteSettings,
} from '#ports/object-remote';

/** A file system that is mounted answers many at once; a local one is kept busy by a few. */
const JOBS = 16;
/** Names of a folder that are read in the time of one `stat`. */
const ENTRIES_A_STAT = 20;
const PIECE_BYTES = 1 << 20;
/** DVC takes an object of this mode for whole without reading it. */
const OBJECT_MODE = 0o444;
const RUN_MODE = 0o644;
const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/;

/** Nothing is made before the first write. */
export function openDirectoryRemote(settings: RemoteSettings): ObjectRemote {
  const folder = folderOf(settings);
  const at = { name: settings.name, address: folder };
  const made = createFolders();
  const told = async <Result>(what: string, work: () => Promise<Result>, isWrite = false): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw translated(at, what, error, isWrite);
    }
  };

  return {
    ...at,
    jobs: JOBS,
    listing: { by: 'folders', entries: ENTRIES_A_STAT },
    async has(path, { signal } = {}) {
      signal?.throwIfAborted();
      return await told(path, () => stat(join(folder, path)).then((stats) => stats.isFile(), falseWhereAbsent));
    },
    async *list(below, { signal } = {}) {
      const waiting = [below];
      for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
        signal?.throwIfAborted();
        const place = here;
        const entries = await told(place, () => entriesOf(join(folder, place)));
        const named = (entry: Dirent): string => (place === '' ? entry.name : `${place}/${entry.name}`);
        waiting.push(...entries.filter((entry) => entry.isDirectory()).map(named));
        yield entries.filter((entry) => !entry.isDirectory() && !TEMPORARY.test(entry.name)).map(named);
      }
    },
    async read(path, { signal } = {}) {
      signal?.throwIfAborted();
      const file = await told(path, () => open(join(folder, path)));
      const { size } = await file.stat();
      return { sizeBytes: size, bytes: piecesOf(file, size, signal, (error) => translated(at, path, error)) };
    },
    async write(path, file, { signal } = {}) {
      signal?.throwIfAborted();
      await told(
        path,
        async () => {
          const target = join(folder, path);
          await made(dirname(target));
          const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
          try {
            await copyFile(file, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
            await chmod(temporary, path.startsWith('runs/') ? RUN_MODE : OBJECT_MODE);
            signal?.throwIfAborted();
            await rename(temporary, target);
          } catch (error) {
            await rm(temporary, { force: true });
            throw error;
          }
        },
        true,
      );
    },
    async remove(paths, { signal } = {}) {
      for (const path of paths) {
        signal?.throwIfAborted();
        await told(path, () => rm(join(folder, path), { force: true }));
      }
    },
    async close() {},
  };
}

function folderOf({ url, folder }: RemoteSettings): string {
  if (url === '~' || url.startsWith('~/')) return join(homedir(), url.slice(1));
  return resolve(folder, url.replace(/^(?:file|local):\/\//, ''));
}

/** Makes each folder once: many files come into one at the same time. */
function createFolders(): (folder: string) => Promise<void> {
  const made = new Map<string, Promise<unknown>>();
  return async (folder) => {
    const making = made.get(folder) ?? mkdir(folder, { recursive: true });
    made.set(folder, making);
    try {
      await making;
    } catch (error) {
      made.delete(folder);
      throw error;
    }
  };
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

async function* piecesOf(
  file: FileHandle,
  sizeBytes: number,
  signal: RemoteCall['signal'],
  asTold: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for (let left = sizeBytes; left > 0;) {
      signal?.throwIfAborted();
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, left));
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } catch (error) {
    throw asTold(error);
  } finally {
    await file.close();
  }
}

function falseWhereAbsent(error: unknown): false {
  if (isAbsent(error)) return false;
  throw error;
}

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

const KINDS: Readonly<Record<string, RemoteFailure>> = {
  EACCES: 'refused',
  EPERM: 'refused',
  EROFS: 'refused',
  ENOENT: 'not found',
  ENOTDIR: 'not found',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EIO: 'unreachable',
  ESTALE: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EHOSTDOWN: 'unreachable',
};

function translated(
  at: Pick<ObjectRemote, 'name' | 'address'>,
  what: string,
  error: unknown,
  isWrite = false,
): unknown {
  // Where a folder should be made, something that is none lies in the way.
  const isInTheWay = isWrite && ['ENOTDIR', 'EEXIST', 'EISDIR'].includes(codeOf(error));
  const kind = isInTheWay ? 'unfit' : KINDS[codeOf(error)];
  return kind ? remoteError(at, kind, what, { cause: error }) : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
