import { DomainError } from '#kernel/errors';
import { metricsOf, paramsOf, type StateValues } from '../compare/state-values.ts';
import type { Repository } from '../open.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { experimentRefs, type ExperimentRef } from '../revisions/refs.ts';
import type { NamedCommit, RevisionChoice, Revisions } from '../revisions/revisions.ts';
import { WORKSPACE, type RepositoryState } from '../revisions/state.ts';
import { readTracked } from '../revisions/tracked.ts';

/** Parameters and metrics of one state, or why they are not known. */
export interface ExperimentValues {
  readonly params: StateValues;
  readonly metrics: StateValues;
  readonly error?: DomainError;
}

/** A commit, or the checkout, that experiments began from. */
export interface Baseline {
  /** Branches and tags of the commit, or the commit; `workspace`. */
  readonly name: string;
  /** Undefined for the checkout. */
  readonly commit: string | undefined;
  /** Seconds since the epoch; undefined for the checkout. */
  readonly committedAt: number | undefined;
  readonly values: ExperimentValues;
  /** Newest first. */
  readonly experiments: readonly Experiment[];
}

/** What dvc or Capstan kept of one run: a commit on its baseline. */
export interface Experiment {
  readonly name: string;
  readonly commit: string;
  readonly committedAt: number;
  readonly values: ExperimentValues;
}

export interface ShowExperimentsOptions extends RevisionChoice {
  /** Baselines; HEAD where nothing is chosen. */
  readonly revisions?: readonly string[];
  /** Only parameters that stages depend on. */
  readonly isDepsOnly?: boolean;
  onProgress?(done: { readonly commits: number; readonly of: number }): void;
}

/**
 * The checkout, the chosen commits and the experiments that began from them, with their parameters and metrics. A commit
 * whose files cannot be read is told with its error.
 * @throws DomainError NOT_FOUND for a revision that is not there
 */
export async function showExperiments(
  repository: Repository,
  revisions: Revisions,
  { revisions: named = [], isDepsOnly = false, onProgress, ...choice }: ShowExperimentsOptions,
): Promise<Baseline[]> {
  const isChosen = named.length > 0 || Object.values(choice).includes(true);
  const head = isChosen ? undefined : await revisions.head();
  const commits: NamedCommit[] = isChosen
    ? await revisions.choose(named, choice)
    : head === undefined
      ? []
      : [{ commit: head, names: ['HEAD'] }];
  const byBaseline = Map.groupBy(await experimentRefs(repository.root), ({ baseline }) => baseline);
  const names = await revisions.namesOf();
  const count = commits.reduce((sum, { commit }) => sum + 1 + (byBaseline.get(commit)?.length ?? 0), 0);
  let done = 0;
  const read = async (state: RepositoryState): Promise<ExperimentValues> => {
    const values = await valuesOf(repository, state, isDepsOnly);
    onProgress?.({ commits: ++done, of: count });
    return values;
  };
  const checkout = await valuesOf(repository, checkoutState(repository.root), isDepsOnly);
  const shown: Baseline[] = [
    { name: WORKSPACE, commit: undefined, committedAt: undefined, values: checkout, experiments: [] },
  ];
  for (const { commit } of commits) {
    const state = await revisions.atCommit(commit);
    if ((await state.list('.dvc')).length === 0) continue;
    const experiments: Experiment[] = [];
    for (const experiment of byBaseline.get(commit) ?? [])
      experiments.push(await experimentOf(revisions, experiment, read));
    shown.push({
      name: names.get(commit)?.[0] ?? commit,
      commit,
      committedAt: await revisions.committedAt(commit),
      values: await read(state),
      experiments: experiments.toSorted((a, b) => b.committedAt - a.committedAt),
    });
  }
  return shown;
}

async function experimentOf(
  revisions: Revisions,
  { name, commit }: ExperimentRef,
  read: (state: RepositoryState) => Promise<ExperimentValues>,
): Promise<Experiment> {
  const state = await revisions.atCommit(commit, name);
  return { name, commit, committedAt: await revisions.committedAt(commit), values: await read(state) };
}

async function valuesOf(
  repository: Repository,
  state: RepositoryState,
  isDepsOnly: boolean,
): Promise<ExperimentValues> {
  try {
    const tracked = await readTracked(state, repository.rules);
    return {
      params: await paramsOf(repository, tracked, { isDepsOnly }),
      metrics: await metricsOf(repository, tracked),
    };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { params: new Map(), metrics: new Map(), error };
  }
}
