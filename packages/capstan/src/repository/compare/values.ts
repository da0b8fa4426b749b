import { DomainError } from '#kernel/errors';
import type { ParamValue } from '#kernel/pipeline-definition';
import type { Repository } from '../open.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import type { RevisionChoice, Revisions } from '../revisions/revisions.ts';
import { WORKSPACE, type RepositoryState } from '../revisions/state.ts';
import { readTracked, type Tracked } from '../revisions/tracked.ts';
import { flattenValues, diffValues, type ValueChange } from './value-diff.ts';
import { metricsOf, paramsOf, type ParamsOptions, type StateValues } from './state-values.ts';

/** A file of values that could not be read, or a state whose files say nothing that can be. */
export interface ValueProblem {
  /** Name of the state. */
  readonly state: string;
  /** Relative to the root; undefined for all of the state. */
  readonly file?: string;
  readonly error: DomainError;
}

export interface ValuesDiff {
  /** By file, relative to the root, and then by dotted name. Files without a difference are left out. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, ValueChange>>;
  readonly problems: readonly ValueProblem[];
}

export interface ValuesDiffOptions extends ParamsOptions {
  /** What is equal as well. */
  readonly isAll?: boolean;
}

/**
 * How parameters differ between two states.
 * @throws DomainError INVALID_ARGUMENT for a dvc.yaml, .dvc or lock that cannot be read
 */
export async function diffParams(
  repository: Repository,
  from: RepositoryState,
  to: RepositoryState,
  options: ValuesDiffOptions = {},
): Promise<ValuesDiff> {
  const read = async (tracked: Tracked): Promise<StateValues> => await paramsOf(repository, tracked, options);
  return await diffStates(repository, from, to, read, options.isAll === true);
}

/** The same of metrics. */
export async function diffMetrics(
  repository: Repository,
  from: RepositoryState,
  to: RepositoryState,
  { targets = [], isAll = false }: Pick<ValuesDiffOptions, 'targets' | 'isAll'> = {},
): Promise<ValuesDiff> {
  const read = async (tracked: Tracked): Promise<StateValues> => await metricsOf(repository, tracked, targets);
  return await diffStates(repository, from, to, read, isAll);
}

async function diffStates(
  { rules }: Repository,
  from: RepositoryState,
  to: RepositoryState,
  read: (tracked: Tracked) => Promise<StateValues>,
  isAll: boolean,
): Promise<ValuesDiff> {
  const before = await read(await readTracked(from, rules));
  const after = from.commit === to.commit ? before : await read(await readTracked(to, rules));
  const files = new Map<string, ReadonlyMap<string, ValueChange>>();
  for (const file of new Set([...before.keys(), ...after.keys()])) {
    const changes = diffValues(valueIn(before, file), valueIn(after, file), isAll);
    if (changes.size > 0) files.set(file, changes);
  }
  const problems = [...problemsOf(from.name, before), ...(from === to ? [] : problemsOf(to.name, after))];
  return { files: sortedByPath(files), problems };
}

function valueIn(values: StateValues, file: string): ParamValue | undefined {
  const found = values.get(file);
  return found && 'value' in found ? found.value : undefined;
}

function problemsOf(state: string, values: StateValues): ValueProblem[] {
  return [...values].flatMap(([file, found]) => ('error' in found ? [{ state, file, error: found.error }] : []));
}

function sortedByPath<Value>(files: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map([...files].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

/** Values of one state, or why they are not known. */
export interface NamedValues {
  /** Its names; `workspace`, or none where only the checkout was asked for. */
  readonly names: readonly string[];
  readonly commit: string | undefined;
  readonly values: StateValues;
  readonly problems: readonly ValueProblem[];
}

/**
 * Metrics of the checkout, and of the revisions that are chosen. The checkout is left out where its metrics are those of
 * the branch it is on.
 */
export async function showMetrics(
  repository: Repository,
  revisions: Revisions | undefined,
  choice: RevisionChoice,
  targets: readonly string[] = [],
): Promise<NamedValues[]> {
  const read = async (tracked: Tracked): Promise<StateValues> => await metricsOf(repository, tracked, targets);
  return await showStates(repository, revisions, choice, read);
}

async function showStates(
  { root, rules }: Repository,
  revisions: Revisions | undefined,
  choice: RevisionChoice,
  read: (tracked: Tracked) => Promise<StateValues>,
): Promise<NamedValues[]> {
  const checkout = await valuesOf(checkoutState(root), rules, read);
  const commits = (await revisions?.choose([], choice)) ?? [];
  if (!revisions || commits.length === 0) return [{ ...checkout, names: [] }];
  const shown: NamedValues[] = [];
  for (const { commit, names } of commits) {
    const state = await revisions.atCommit(commit, names[0] ?? commit);
    if ((await state.list('.dvc')).length === 0) continue;
    shown.push({ ...(await valuesOf(state, rules, read)), names });
  }
  const branch = await revisions.branch();
  const ofBranch = shown.find(({ names }) => names.length === 1 && names[0] === branch);
  return ofBranch && isSame(ofBranch.values, checkout.values) ? shown : [checkout, ...shown];
}

async function valuesOf(
  state: RepositoryState,
  rules: Repository['rules'],
  read: (tracked: Tracked) => Promise<StateValues>,
): Promise<NamedValues> {
  const about = { names: [state.name], commit: state.commit };
  try {
    const values = await read(await readTracked(state, rules));
    return { ...about, values, problems: problemsOf(state.name, values) };
  } catch (error) {
    // An old commit may hold what is broken; the others can be shown all the same.
    if (!(error instanceof DomainError) || state.name === WORKSPACE) throw error;
    return { ...about, values: new Map(), problems: [{ state: state.name, error }] };
  }
}

function isSame(a: StateValues, b: StateValues): boolean {
  if (a.size !== b.size) return false;
  return [...a.keys()].every((file) => {
    const [x, y] = [valueIn(a, file), valueIn(b, file)];
    return x !== undefined && y !== undefined && diffValues(x, y, false).size === 0 && hasSameNames(x, y);
  });
}

function hasSameNames(a: ParamValue, b: ParamValue): boolean {
  return flattenValues(a).size === flattenValues(b).size;
}
