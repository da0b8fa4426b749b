import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WORKSPACE, type RepositoryState } from './state.ts';

/** The files of the checkout as they are now. */
export function checkoutState(root: string): RepositoryState {
  return {
    name: WORKSPACE,
    commit: undefined,
    async list(folder) {
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(orNothing);
      return (entries ?? []).map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
    },
    async read(path) {
      return await readFile(join(root, path)).catch(orNothing);
    },
    async idOf() {
      return await Promise.resolve(undefined);
    },
  };
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP']);

function orNothing(error: NodeJS.ErrnoException): undefined {
  if (ABSENT.has(error.code ?? '')) return undefined;
  throw error;
}
