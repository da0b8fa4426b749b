import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conflict } from '#kernel/errors';

export interface InitOptions {
  /** Absolute: the root to be. */
  readonly folder: string;
  /** Without Git: nothing is told what to leave out, and versions are kept by whoever copies the files. */
  readonly hasNoGit: boolean;
  /** The folder is one of a Git repository whose root lies above. */
  readonly isSubfolder: boolean;
}

const GIT_IGNORE = '/config.local\n/tmp\n/cache\n';
const IGNORE = '# Patterns of files that are no data, as in .gitignore. See https://dvc.org/doc/user-guide/dvcignore\n';

/**
 * Makes a folder the root of a repository with data, for Capstan and dvc alike. The new files are staged in Git.
 * @returns the files written, relative to the folder
 * @throws DomainError CONFLICT for a folder that is one already, or is not where a Git repository has its root
 */
export function initRepository({ folder, hasNoGit, isSubfolder }: InitOptions): string[] {
  if (existsSync(join(folder, '.dvc'))) {
    throw conflict(`${folder} is a repository already: it has a folder .dvc`, { field: '.dvc' });
  }
  if (!hasNoGit && !isSubfolder && !existsSync(join(folder, '.git'))) {
    throw conflict(`${folder} is not the root of a Git repository`, {
      field: '.git',
      hint: 'Run git init first, go to the root, or say --subdir (a project in a larger repository) or --no-scm (no Git).',
    });
  }
  const files: [string, string][] = [
    ['.dvc/config', hasNoGit ? '[core]\n    no_scm = True\n' : ''],
    ...(hasNoGit ? [] : [['.dvc/.gitignore', GIT_IGNORE] satisfies [string, string]]),
    ...(existsSync(join(folder, '.dvcignore')) ? [] : [['.dvcignore', IGNORE] satisfies [string, string]]),
  ];
  mkdirSync(join(folder, '.dvc', 'tmp'), { recursive: true });
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
  if (!hasNoGit) spawnSync('git', ['add', '--', ...files.map(([file]) => file)], { cwd: folder });
  return files.map(([file]) => file);
}
