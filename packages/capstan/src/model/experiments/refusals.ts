// The words MLflow uses where its clients read them.
import { DomainError, conflict } from '#kernel/errors';
import type { Experiment, Lifecycle } from './model.ts';

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
