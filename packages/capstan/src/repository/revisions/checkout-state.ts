import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKSPACE, type RepositoryState } from './state.ts';

/** The files of the checkout as they are now. Blocks: each takes less time than its promise. */
export function checkoutState(root: string): RepositoryState {
  return {
    name: WORKSPACE,
    commit: undefined,
    async list(folder) {
      const entries = orNothing(() => readdirSync(join(root, folder), { withFileTypes: true })) ?? [];
      return await Promise.resolve(entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() })));
    },
    async read(path) {
      return await Promise.resolve(orNothing(() => readFileSync(join(root, path))));
    },
    async idOf() {
      return await Promise.resolve(undefined);
    },
  };
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP']);

function orNothing<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.has(String(error.code))) return undefined;
    throw error;
  }
}
