import { invalid } from '#kernel/errors';
import type { Repository } from '../open.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { runGit } from '../revisions/git-program.ts';
import { experimentRefs } from '../revisions/refs.ts';
import { openRevisions, type NamedCommit, type Revisions } from '../revisions/revisions.ts';
import type { RepositoryState } from '../revisions/state.ts';

/** Whose data is kept, beside that of the checkout. */
export interface CollectScope {
  readonly allBranches?: boolean;
  readonly allTags?: boolean;
  readonly allCommits?: boolean;
  readonly allExperiments?: boolean;
  /** `yyyy-mm-dd`: every commit from that day on. */
  readonly since?: string;
  readonly revision?: string;
  /** So many commits from the revision and from each branch, back by first parents; all of them where it is negative. */
  readonly count?: number;
}

/**
 * Gives the checkout and each revision of a scope to a visitor.
 * @throws DomainError CONFLICT where Git does not keep the repository; NOT_FOUND for a revision; INVALID_ARGUMENT for a date;
 *   what the visitor throws
 */
export async function eachState(
  repository: Repository,
  scope: CollectScope,
  visit: (state: RepositoryState) => Promise<void>,
): Promise<void> {
  await visit(checkoutState(repository.root));
  const { count: _, ...chosen } = scope;
  if (!Object.values(chosen).some((value) => value !== undefined && value !== false)) return;
  const revisions = openRevisions(repository);
  try {
    for (const { commit, names } of await commitsOf(repository, revisions, scope)) {
      await visit(await revisions.atCommit(commit, names[0]));
    }
  } finally {
    await revisions.close();
  }
}

async function commitsOf(repository: Repository, revisions: Revisions, scope: CollectScope): Promise<NamedCommit[]> {
  const { root } = repository;
  const { allBranches = false, allTags = false, allCommits = false, count = 1 } = scope;
  const starts = await revisions.choose(scope.revision === undefined ? [] : [scope.revision], { allBranches });
  const found = [...starts];
  // A tag or commit alone, however many are asked for of the others.
  found.push(...(await revisions.choose([], { allTags, allCommits })));
  if (count !== 1) {
    for (const { commit } of starts) {
      const most = count < 0 ? [] : [`--max-count=${count}`];
      found.push(...named(await runGit(root, ['rev-list', '--first-parent', ...most, commit])));
    }
  }
  if (scope.since !== undefined) found.push(...(await commitsSince(root, scope.since)));
  if (scope.allExperiments) {
    found.push(...(await experimentRefs(root)).map(({ commit, name }) => ({ commit, names: [name] })));
  }
  return [...new Map(found.map((each) => [each.commit, each])).values()];
}

async function commitsSince(root: string, date: string): Promise<NamedCommit[]> {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date)?.map(Number) ?? [];
  // From midnight of this machine's zone on, as dvc takes it.
  const from = year === undefined ? undefined : new Date(year, (month ?? 0) - 1, day);
  if (!from || from.getMonth() !== (month ?? 0) - 1) {
    throw invalid(`'${date}' is no day`, { field: '--date', hint: 'Write it as 2026-01-31.' });
  }
  const printed = await runGit(root, ['rev-list', '--timestamp', '--branches', '--tags', '--remotes', 'HEAD']);
  const lines = printed.split('\n').filter((line) => Number(line.split(' ')[0]) * 1_000 >= from.getTime());
  return named(lines.map((line) => line.split(' ')[1] ?? '').join('\n'));
}

const named = (printed: string): NamedCommit[] =>
  printed
    .split('\n')
    .filter(Boolean)
    .map((commit) => ({ commit, names: [commit] }));
