import { createHash, randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import type { Repository } from '../open.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { runGit } from '../revisions/git-program.ts';
import { experimentRefs } from '../revisions/refs.ts';
import type { Revisions } from '../revisions/revisions.ts';
import { readTracked } from '../revisions/tracked.ts';

export interface KeptExperiment {
  readonly name: string;
  readonly commit: string;
  readonly baseline: string;
}

export interface KeepOptions {
  readonly name: string;
  /** That of the person who keeps it, for git. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The name of an experiment, before anything runs: two words where none is asked for.
 * @param asked forced: takes the place of an experiment of that name
 * @throws DomainError INVALID_ARGUMENT, CONFLICT; CONFLICT where nothing has been committed yet
 */
export async function nameExperiment(
  { root }: Repository,
  revisions: Revisions,
  { name, isForced }: { readonly name?: string | undefined; readonly isForced?: boolean },
): Promise<string> {
  const baseline = await revisions.head();
  if (baseline === undefined) {
    throw conflict('An experiment begins from a commit, and there is none yet', {
      field: 'HEAD',
      hint: 'Commit first: git add … && git commit.',
    });
  }
  const kept = await experimentRefs(root);
  if (name === undefined) return freeName(new Set(kept.map((one) => one.name)));
  if (name.includes('/') || !(await isRefName(root, refOf(baseline, name)))) {
    throw invalid(`'${name}' cannot be the name of an experiment`, {
      field: '--name',
      hint: 'Use letters, digits, - and _.',
    });
  }
  const taken = kept.some((one) => one.baseline === baseline && one.name === name);
  if (taken && isForced !== true) {
    throw conflict(`There is an experiment '${name}' of this commit already`, {
      field: '--name',
      hint: 'Choose another name, or say --force to put this one in its place.',
    });
  }
  return name;
}

async function isRefName(root: string, ref: string): Promise<boolean> {
  try {
    await runGit(root, ['check-ref-format', ref]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps the checkout as an experiment: a commit on HEAD that no branch holds, under the ref where dvc looks for it. What Git
 * tracks is in it, and what pipelines wrote for Git. Index and branch stay as they are.
 */
export async function keepExperiment(
  repository: Repository,
  revisions: Revisions,
  options: KeepOptions,
): Promise<KeptExperiment> {
  const { root } = repository;
  const baseline = await revisions.resolve('HEAD');
  const tree = await treeOfCheckout(repository, options.environment);
  const digest = createHash('sha256').update(`${baseline} ${tree}`).digest('hex');
  const message = `dvc: commit experiment ${digest}`;
  const commit = (await runGit(root, ['commit-tree', tree, '-p', baseline, '-m', message])).trim();
  const { name } = options;
  await runGit(root, ['update-ref', refOf(baseline, name), commit]);
  return { name, commit, baseline };
}

function refOf(baseline: string, name: string): string {
  return `refs/exps/${baseline.slice(0, 2)}/${baseline.slice(2)}/${name}`;
}

/** Written by an index of its own, so that what the person has staged is not touched. */
async function treeOfCheckout(repository: Repository, environment: KeepOptions['environment']): Promise<string> {
  const { root, home } = repository;
  const folder = join(home, 'tmp', 'capstan');
  mkdirSync(folder, { recursive: true });
  const index = join(folder, `index-${process.pid}`);
  const git = async (...args: readonly string[]): Promise<string> =>
    await runGit(root, args, { ...environment, GIT_INDEX_FILE: index });
  try {
    await git('read-tree', 'HEAD');
    await git('add', '--update', '--', '.');
    const written = await filesForGit(repository);
    const untracked = await git('ls-files', '--others', '--exclude-standard', '-z', '--', ...written.map(literally));
    const files = untracked.split('\0').filter(Boolean);
    if (files.length > 0) await git('add', '--', ...files.map(literally));
    return (await git('write-tree')).trim();
  } finally {
    rmSync(index, { force: true });
  }
}

const literally = (path: string): string => `:(literal)${path}`;

/** Locks, outputs that the cache does not keep, and the lists of what Git is not to see. */
async function filesForGit({ root, rules }: Repository): Promise<string[]> {
  const { pipelines, outputs } = await readTracked(checkoutState(root), rules);
  const folders = new Set(outputs.map(({ path }) => posix.dirname(path)));
  return [
    ...pipelines.map(({ folder }) => posix.join(folder, 'dvc.lock')),
    ...outputs.filter(({ isCached }) => !isCached).map(({ path }) => path),
    ...[...folders].map((folder) => posix.join(folder, '.gitignore')),
    ...pipelines.map(({ file }) => file),
  ];
}

const FIRST =
  'amber brisk calm eager fair gentle keen lively mellow noble plain quick ripe sturdy tidy vivid warm young'.split(
    ' ',
  );
const SECOND =
  'aspen birch cedar elm fern hazel ivy juniper larch maple oak pine rowan sorrel thyme willow yarrow yew'.split(' ');

function freeName(taken: ReadonlySet<string>): string {
  for (let tries = 0; ; tries++) {
    const words = `${FIRST[randomInt(FIRST.length)]}-${SECOND[randomInt(SECOND.length)]}`;
    const name = tries < 50 ? words : `${words}-${randomInt(1_000_000)}`;
    if (!taken.has(name)) return name;
  }
}
