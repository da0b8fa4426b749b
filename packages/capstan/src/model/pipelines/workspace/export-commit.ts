import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DomainError, invalid } from '#kernel/errors';
import type { PipelinesDeps } from '../deps.ts';

type ExportDeps = Pick<PipelinesDeps, 'folders' | 'commandEnvironment'>;

const git = promisify(execFile);
/** Settings of a repository may name programs of its own: none of them is needed to read a commit. */
const SAFELY = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'protocol.allow=never'];
const MAX_OUTPUT = 1 << 20;

/**
 * The whole hash of a commit of the repository that a project's folder lies in.
 * @param commit a hash or its first digits, a branch, a tag, or what else `git rev-parse` takes
 * @throws DomainError INVALID_ARGUMENT with the field `commit` where there is no repository or no such commit
 */
export async function resolveCommit(deps: ExportDeps, projectFolder: string, commit: string): Promise<string> {
  const revision = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`];
  try {
    return (await runGit(deps, projectFolder, revision)).trim();
  } catch (cause) {
    if (!(await isInRepository(deps, projectFolder))) {
      throw invalid(`The project's folder ${projectFolder} is in no Git repository that the server can read`, {
        field: 'commit',
        hint: 'Leave the commit out to run what lies in the folder, or make the folder a repository that belongs to the user of the server: git init.',
        cause,
      });
    }
    throw invalid(`The repository of the project has no commit '${commit}'`, {
      field: 'commit',
      hint: `Fetch it there first: git -C ${projectFolder} fetch. \`git log --oneline\` in that folder shows those there are.`,
      cause,
    });
  }
}

/**
 * Gives `use` a folder with the project's files as they are in a commit, and removes it afterwards. Neither the checkout
 * nor its index is touched.
 * @param commit a whole hash
 */
export async function withCommit<Result>(
  deps: ExportDeps,
  source: { readonly projectFolder: string; readonly commit: string },
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const { projectFolder, commit } = source;
  await mkdir(deps.folders.workspaces, { recursive: true });
  const place = await mkdtemp(join(deps.folders.workspaces, '.commit-'));
  try {
    const folder = join(place, 'files');
    await mkdir(folder);
    const inside = (await runGit(deps, projectFolder, ['rev-parse', '--show-prefix'])).trim();
    const index = { GIT_INDEX_FILE: join(place, 'index') };
    await refuseWithout(deps, { ...source, inside });
    await runGit(deps, projectFolder, ['read-tree', `${commit}:${inside}`], index);
    await runGit(deps, projectFolder, ['checkout-index', '--all', '--quiet', `--prefix=${folder}/`], index);
    return await use(folder);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** @throws DomainError INVALID_ARGUMENT where the project's folder was not there yet in the commit */
async function refuseWithout(
  deps: ExportDeps,
  { projectFolder, commit, inside }: { projectFolder: string; commit: string; inside: string },
): Promise<void> {
  if (inside === '') return;
  try {
    await runGit(deps, projectFolder, ['cat-file', '-e', `${commit}:${inside}`]);
  } catch (cause) {
    throw invalid(`The commit ${commit} has no folder '${inside}', which is the project's`, {
      field: 'commit',
      hint: 'Name a commit in which the project is there.',
      cause,
    });
  }
}

async function isInRepository(deps: ExportDeps, folder: string): Promise<boolean> {
  return await runGit(deps, folder, ['rev-parse', '--git-dir']).then(
    () => true,
    (error: unknown) => {
      if (error instanceof DomainError) throw error;
      return false;
    },
  );
}

async function runGit(
  { commandEnvironment }: ExportDeps,
  cwd: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { ...commandEnvironment, GIT_TERMINAL_PROMPT: '0', GIT_NO_REPLACE_OBJECTS: '1', ...variables };
  try {
    const { stdout } = await git('git', [...SAFELY, ...args], { cwd, env, maxBuffer: MAX_OUTPUT });
    return stdout;
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    throw invalid('A run from a commit needs git, which the server does not find', {
      field: 'commit',
      hint: 'Install git where the server runs, or leave the commit out.',
      cause,
    });
  }
}
