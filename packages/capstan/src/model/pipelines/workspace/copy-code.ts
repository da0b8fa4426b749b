import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathsMeet } from '#kernel/path-graph';

/** Made by running, installing or Git: never code. */
const NEVER_CODE = new Set([
  '.git',
  '.hg',
  '.svn',
  '__pycache__',
  'node_modules',
  '.ipynb_checkpoints',
  '.pytest_cache',
  'mlruns',
]);
/** At the top of a project: data comes as dataset versions, `work` is where people try things. */
const NEVER_CODE_AT_TOP = new Set(['data', 'work', '.capstan', '.dvc']);

export interface CodeCopy {
  readonly from: string;
  readonly to: string;
  /** Paths, relative to the folder, that the run fills itself: datasets and outputs. */
  readonly without: readonly string[];
  /** Absolute; the server's own files, which may lie in the project. */
  readonly dataFolder: string;
}

/**
 * Copies a project's code: all but data, environments, caches and what the run makes itself. Links are copied as links,
 * executable files stay executable.
 */
export async function copyCode(copy: CodeCopy): Promise<void> {
  await copyFolder(copy, '');
  // DVC's settings of the project, but not its cache, nor settings of this machine, which hold secrets.
  for (const file of ['config', '.gitignore']) {
    const from = join(copy.from, '.dvc', file);
    if (!existsSync(from)) continue;
    await mkdir(join(copy.to, '.dvc'), { recursive: true });
    await copyFile(from, join(copy.to, '.dvc', file));
  }
}

async function copyFolder(copy: CodeCopy, folder: string): Promise<void> {
  await mkdir(join(copy.to, folder), { recursive: true });
  for (const name of await readdir(join(copy.from, folder))) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const from = join(copy.from, path);
    if (NEVER_CODE.has(name) || (folder === '' && NEVER_CODE_AT_TOP.has(name))) continue;
    // Its content is reached through it alone; a project may also lie in it.
    if (isFilledByRun(copy, path) || from === copy.dataFolder) continue;
    const facts = await lstat(from);
    if (facts.isSymbolicLink()) await symlink(await readlink(from), join(copy.to, path));
    else if (facts.isDirectory()) {
      if (!existsSync(join(from, 'pyvenv.cfg'))) await copyFolder(copy, path);
    } else if (facts.isFile()) await copyFile(from, join(copy.to, path), constants.COPYFILE_FICLONE);
  }
}

function isFilledByRun({ without }: CodeCopy, path: string): boolean {
  return without.some((other) => other !== '.' && pathsMeet(path, other) && path.length >= other.length);
}
