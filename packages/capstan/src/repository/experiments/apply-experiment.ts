import { conflict, DomainError } from '#kernel/errors';
import { checkoutData, type CheckedOut, type CheckoutOptions } from '../data/checkout.ts';
import type { Repository } from '../open.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { runGit } from '../revisions/git-program.ts';
import type { Revisions } from '../revisions/revisions.ts';

/**
 * Makes the checkout what an experiment left, files and data; the branch stays where it is, and Git shows the difference.
 * @param options forced: what only the checkout holds is written over
 * @throws DomainError NOT_FOUND for a revision or an object that is not there; CONFLICT where something would be lost. The
 *   checkout is as it was then
 */
export async function applyExperiment(
  repository: Repository,
  revisions: Revisions,
  name: string,
  options: CheckoutOptions = {},
): Promise<readonly CheckedOut[]> {
  const { root } = repository;
  const commit = await revisions.resolve(name);
  const state = await revisions.atCommit(commit, name);
  if ((await state.list('.dvc')).length === 0) {
    throw new DomainError('NOT_FOUND', `'${name}' holds no repository with data in it`, { field: name });
  }
  if (options.isForced !== true) await refuseLoss(repository, revisions, commit, name);
  await takeFiles(root, commit);
  try {
    return await checkoutData(repository, [], options);
  } catch (error) {
    // Nothing but what HEAD has was written over.
    if (options.isForced !== true) await takeFiles(root, 'HEAD');
    throw error;
  }
}

async function takeFiles(root: string, commit: string): Promise<void> {
  await runGit(root, ['restore', `--source=${commit}`, '--worktree', '--no-overlay', '--', '.']);
}

/** Changes that Git does not keep, and files that it does not track where the experiment has its own. */
async function refuseLoss({ root }: Repository, revisions: Revisions, commit: string, name: string): Promise<void> {
  if (await revisions.isDirty()) {
    throw conflict('The checkout has changes that are not committed', {
      field: name,
      hint: 'Commit them, or keep them with git stash. Or give them up with --force.',
    });
  }
  const printed = await runGit(root, ['diff', '--relative', '--name-only', '-z', '--diff-filter=A', 'HEAD', commit]);
  const [theirs, ours] = [await revisions.atCommit(commit), checkoutState(root)];
  for (const path of printed.split('\0').filter(Boolean)) {
    const here = await ours.read(path);
    if (!here || (await theirs.read(path))?.equals(here)) continue;
    throw conflict(`'${path}' would be written over, and Git does not track it`, {
      field: path,
      hint: 'Move it away, or give it up with --force.',
    });
  }
}
