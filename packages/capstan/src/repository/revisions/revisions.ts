import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { DomainError, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Repository } from '../open.ts';
import { checkoutState } from './checkout-state.ts';
import { openGitObjects, type GitObjects } from './git-objects.ts';
import { runGit } from './git-program.ts';
import { openGitTrees, type GitTrees } from './git-tree.ts';
import { experimentRefs, refsIn } from './refs.ts';
import { WORKSPACE, type RepositoryState } from './state.ts';

/** Which revisions beside those that are named. */
export interface RevisionChoice {
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  /** Every commit that a branch or tag leads to, and with them the branches and tags. */
  readonly allCommits?: boolean;
}

/** A commit and by which names it was chosen. */
export interface NamedCommit {
  readonly commit: string;
  readonly names: readonly string[];
}

/** What a repository was at the revisions that Git keeps. Open while in use, since it holds a process of git. */
export interface Revisions {
  /** Git lacks commits before the point where the clone was cut: what only they use is not seen. */
  isShallow(): Promise<boolean>;
  /** @throws DomainError NOT_FOUND naming the nearest branch or tag; INVALID_ARGUMENT for one that is ambiguous */
  resolve(revision: string): Promise<string>;
  /** Undefined before the first commit. */
  head(): Promise<string | undefined>;
  /** The branch that is checked out; undefined where that is a commit. */
  branch(): Promise<string | undefined>;
  /** Seconds since the epoch. */
  committedAt(commit: string): Promise<number>;
  /** Branches, and after them tags, by the commit that they lead to. */
  namesOf(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Whether the checkout differs from its commit in a file that Git tracks. */
  isDirty(): Promise<boolean>;
  /** Named ones first, each commit once, in the order in which they were first met. */
  choose(revisions: readonly string[], choice?: RevisionChoice): Promise<NamedCommit[]>;
  /**
   * The repository at a revision, or in the checkout for `workspace`.
   * @throws DomainError as `resolve`
   */
  at(revision: string): Promise<RepositoryState>;
  /** The same for a commit that `choose` gave; it need not have held the repository. */
  atCommit(commit: string, name?: string): Promise<RepositoryState>;
  close(): Promise<void>;
}

/**
 * @throws DomainError CONFLICT where Git does not keep the repository
 */
export function openRevisions({ root, config, isInGit }: Pick<Repository, 'root' | 'config' | 'isInGit'>): Revisions {
  const gitRoot = isInGit ? gitRootOf(root) : undefined;
  if (gitRoot === undefined) {
    throw new DomainError('CONFLICT', `Git does not keep ${root}, so it has no revisions`, {
      field: '.git',
      hint: config.core.noScm
        ? 'The setting core.no_scm of .dvc/config says so; take it out once Git keeps the folder.'
        : 'Run git init there and commit.',
    });
  }
  const objects = openGitObjects(root);
  const place = { root, objects, trees: openGitTrees(objects), prefix: relative(gitRoot, root).split(sep).join('/') };
  const resolve = async (revision: string): Promise<string> => await resolveRevision(root, objects, revision);
  return {
    isShallow: async () => await isShallow(root),
    resolve,
    head: async () => (await objects.read('HEAD^{commit}'))?.id,
    branch: async () => (await runGit(root, ['branch', '--show-current'])).trim() || undefined,
    committedAt: async (commit) => await committedAt(objects, commit),
    namesOf: async () => await namesOf(root),
    isDirty: async () => (await runGit(root, ['status', '--porcelain', '--untracked-files=no'])) !== '',
    choose: async (revisions, choice = {}) => await chooseRevisions(root, objects, resolve, revisions, choice),
    at: async (revision) =>
      revision === WORKSPACE ? checkoutState(root) : await revisionState(place, await resolve(revision), revision),
    atCommit: async (commit, name = commit) => await revisionState(place, commit, name),
    close: async () => {
      await objects.close();
    },
  };
}

function gitRootOf(root: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

async function committedAt(objects: GitObjects, commit: string): Promise<number> {
  const text = (await objects.read(commit))?.bytes.toString('utf8') ?? '';
  return Number(/^committer .* (\d+) [+-]\d+$/m.exec(text)?.[1] ?? 0);
}

async function namesOf(root: string): Promise<Map<string, string[]>> {
  const all = [...(await refsIn(root, 'refs/heads')), ...(await refsIn(root, 'refs/tags'))];
  const names = new Map<string, string[]>();
  for (const { commit, name } of all) names.set(commit, [...(names.get(commit) ?? []), name]);
  return names;
}

interface Place {
  readonly root: string;
  readonly objects: GitObjects;
  readonly trees: GitTrees;
  /** Folder of the repository in Git’s; empty where they are one. */
  readonly prefix: string;
}

async function revisionState(place: Place, commit: string, name: string): Promise<RepositoryState> {
  const { objects, trees, prefix } = place;
  const root = (await objects.read(`${commit}^{tree}`))?.id ?? '';
  const tree = prefix === '' ? root : ((await trees.entry(root, prefix))?.id ?? '');
  return {
    name,
    commit,
    async list(folder) {
      const entries = await trees.entries(tree, folder);
      return entries
        .filter(({ kind }) => kind !== 'submodule')
        .map((entry) => ({ name: entry.name, isFolder: entry.kind === 'folder' }));
    },
    async read(path) {
      const file = await trees.file(tree, path);
      return file && (await objects.read(file.id))?.bytes;
    },
    idOf: async (path) => (await trees.file(tree, path))?.id,
  };
}

async function resolveRevision(root: string, objects: GitObjects, revision: string): Promise<string> {
  // One that begins so is an option to git, and never a name.
  const found = revision.startsWith('-') ? undefined : await objects.read(`${revision}^{commit}`);
  if (found?.type === 'commit') return found.id;
  // Of several commits git tells only where nothing is asked of the kind.
  if (/^[0-9a-f]{4,40}$/.test(revision)) await objects.read(revision);
  const experiment = (await experimentRefs(root)).find(({ name }) => name === revision);
  if (experiment) return experiment.commit;
  const names = [...(await refsIn(root, 'refs/heads')), ...(await refsIn(root, 'refs/tags'))].map(({ name }) => name);
  if (revision === 'HEAD' || names.length === 0) {
    throw new DomainError('NOT_FOUND', `There is no revision '${revision}': nothing has been committed yet`, {
      field: revision,
      hint: 'Commit first: git add … && git commit.',
    });
  }
  const near = nearest(revision, names);
  const hints = [
    near === undefined ? `Branches and tags: ${shortList(names)}.` : `Did you mean ${near}?`,
    ...((await isShallow(root)) ? ['This clone is shallow and lacks older commits: git fetch --unshallow.'] : []),
  ];
  throw new DomainError('NOT_FOUND', `There is no revision '${revision}'`, { field: revision, hint: hints.join(' ') });
}

async function isShallow(root: string): Promise<boolean> {
  return (await runGit(root, ['rev-parse', '--is-shallow-repository'])).trim() === 'true';
}

function shortList(names: readonly string[]): string {
  const most = 8;
  return names.slice(0, most).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '');
}

async function chooseRevisions(
  root: string,
  objects: GitObjects,
  resolve: (revision: string) => Promise<string>,
  revisions: readonly string[],
  { allBranches, allTags, allCommits }: RevisionChoice,
): Promise<NamedCommit[]> {
  const chosen = new Map<string, string[]>();
  const add = (commit: string, name: string): void => {
    const names = chosen.get(commit) ?? [];
    if (!names.includes(name)) names.push(name);
    chosen.set(commit, names);
  };
  for (const revision of revisions) add(await resolve(revision), revision);
  if (allCommits === true) for (const commit of await allCommitsOf(root)) add(commit, commit);
  else {
    if (allBranches === true) for (const { name, commit } of await refsIn(root, 'refs/heads')) add(commit, name);
    // A tag may name a file.
    if (allTags === true) {
      for (const { name, commit } of await refsIn(root, 'refs/tags')) {
        const found = await objects.read(commit);
        if (found?.type === 'commit') add(commit, name);
      }
    }
  }
  return [...chosen].map(([commit, names]) => ({ commit, names }));
}

/** Newest first. Of a checked-out commit that no branch holds, too. */
async function allCommitsOf(root: string): Promise<string[]> {
  try {
    return (await runGit(root, ['rev-list', '--branches', '--tags', '--remotes', 'HEAD'])).split('\n').filter(Boolean);
  } catch (cause) {
    if (cause instanceof DomainError && cause.code === 'NOT_FOUND') throw cause;
    // There is no HEAD before the first commit.
    if ((await runGit(root, ['for-each-ref', '--count=1'])) === '') return [];
    throw invalid('git cannot list the commits', { cause });
  }
}
