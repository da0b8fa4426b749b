import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/**
 * The commit that is checked out in the folder or one above it, read from Git's own files; undefined outside a
 * repository. Says nothing of changes that are not committed: the digest of the code does.
 */
export async function gitCommit(folder: string): Promise<string | undefined> {
  for (let here = resolve(folder); ; here = dirname(here)) {
    const home = await gitFolder(here);
    if (home !== undefined) return await headOf(home);
    if (dirname(here) === here) return undefined;
  }
}

/** `.git` is a folder, or in a worktree a file that names one. */
async function gitFolder(folder: string): Promise<string | undefined> {
  const path = join(folder, '.git');
  if ((await textOf(join(path, 'HEAD'))) !== undefined) return path;
  const named = /^gitdir: (.+)$/m.exec((await textOf(path)) ?? '')?.[1];
  return named === undefined ? undefined : resolve(folder, named);
}

async function headOf(home: string): Promise<string | undefined> {
  const head = (await textOf(join(home, 'HEAD')))?.trim() ?? '';
  if (COMMIT.test(head)) return head;
  const name = /^ref: (refs\/[^\s]+)$/.exec(head)?.[1];
  if (name === undefined || name.includes('..')) return undefined;
  // Worktrees keep their branches in the repository they belong to.
  const common = (await textOf(join(home, 'commondir')))?.trim();
  for (const place of common === undefined ? [home] : [home, resolve(home, common)]) {
    const loose = (await textOf(join(place, name)))?.trim();
    if (loose !== undefined && COMMIT.test(loose)) return loose;
    const packed = (await textOf(join(place, 'packed-refs'))) ?? '';
    for (const line of packed.split('\n')) {
      const [commit = '', ref] = line.split(' ');
      if (ref === name && COMMIT.test(commit)) return commit;
    }
  }
  return undefined;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}
