import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conflict } from '#kernel/errors';
import { withIgnored } from '#protocols/dvc';
import type { Repository } from '../open.ts';
import { folderOf, nameOf } from '../paths.ts';

const GIT_IGNORE = '.gitignore';

/**
 * Data that Git keeps already would be kept twice, and each change of it would be a commit of all its bytes.
 * @throws DomainError CONFLICT naming the command that takes it out of Git
 */
export function refuseWhatGitTracks({ root, isInGit }: Repository, path: string): void {
  if (!isInGit) return;
  const { status, stdout } = spawnSync('git', ['ls-files', '-z', '--', `:(literal)${path}`], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0 || stdout === '') return;
  throw conflict(`Git tracks '${path}' already`, {
    field: path,
    hint: `Take it out of Git first, the file stays: git rm -r --cached '${path}' && git commit -m "stop tracking ${path}"`,
  });
}

/** Keeps Git away from data, by a line in the `.gitignore` beside it. Returns the file where it changed. */
export function ignoreInGit({ root, isInGit }: Repository, path: string): string | undefined {
  if (!isInGit) return undefined;
  const folder = folderOf(path);
  const file = folder === '' ? GIT_IGNORE : `${folder}/${GIT_IGNORE}`;
  const whole = join(root, file);
  const before = existsSync(whole) ? readFileSync(whole, 'utf8') : undefined;
  const after = withIgnored(before, nameOf(path));
  if (after === undefined) return undefined;
  // A line more is no new file: replacing one makes the file system write at once.
  if (before !== undefined && before !== '' && after.startsWith(before))
    appendFileSync(whole, after.slice(before.length));
  else writeWhole(whole, after);
  return file;
}

/** Stages files that were written, where the repository is set so. */
export function stageInGit({ root, isInGit, config }: Repository, files: readonly string[]): void {
  if (!isInGit || !config.core.autostage || files.length === 0) return;
  spawnSync('git', ['add', '--', ...files.map((file) => `:(literal)${file}`)], { cwd: root });
}

/** A reader finds the old text or the new one. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
