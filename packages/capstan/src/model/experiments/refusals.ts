// The words MLflow uses where its clients read them.
import { DomainError, conflict } from '#kernel/errors';
import type { Experiment, KeyValue, Lifecycle } from './model.ts';

export function noExperiment(id: string): DomainError {
  return new DomainError('NOT_FOUND', `No Experiment with id=${id} exists`, { field: 'experiment_id' });
}

export function noRun(id: string): DomainError {
  return new DomainError('NOT_FOUND', `Run with id=${id} not found`, { field: 'run_id' });
}

export function noLoggedModel(id: string): DomainError {
  return new DomainError('NOT_FOUND', `Logged model with ID '${id}' not found.`, { field: 'model_id' });
}

/** @throws DomainError CONFLICT */
export function refuseInactiveRun(id: string, lifecycle: Lifecycle): void {
  if (lifecycle === 'active') return;
  throw conflict(`The run ${id} must be in the 'active' state. Current state is ${lifecycle}.`, {
    field: 'run_id',
    hint: 'Restore the run first.',
  });
}

/** @throws DomainError CONFLICT */
export function refuseInactiveExperiment(experiment: Pick<Experiment, 'id' | 'lifecycle'>): void {
  if (experiment.lifecycle === 'active') return;
  throw conflict(
    `The experiment ${experiment.id} must be in the 'active' state. Current state is ${experiment.lifecycle}.`,
    { field: 'experiment_id', hint: 'Restore the experiment first.' },
  );
}

/** A param says what a run or model was made with: it never changes. @throws DomainError CONFLICT */
export function refuseChangedParams(
  owner: string,
  params: readonly KeyValue[],
  known: ReadonlyMap<string, string>,
): void {
  const changed = params
    .filter(({ key, value }) => known.has(key) && known.get(key) !== value)
    .map(({ key, value }) => ({ key, oldValue: known.get(key) ?? '', newValue: value }));
  if (changed.length === 0) return;
  const list = changed.map(
    ({ key, oldValue, newValue }) => `{'key': '${key}', 'old_value': '${oldValue}', 'new_value': '${newValue}'}`,
  );
  throw conflict(
    `Changing param values is not allowed. Params were already logged='[${list.join(', ')}]' for ${owner}.`,
    { field: 'params', hint: 'Log it under another name, or as a tag.', details: { params: changed } },
  );
}
