// What threads are asked to do, by kind.
import { doPlaceTask, type PlaceOutcome, type PlaceTask } from '../cache/place-task.ts';
import { doHashTask, type HashOutcome, type HashTask } from './hash-task.ts';

export interface PoolTasks {
  readonly hash: HashTask;
  readonly place: PlaceTask;
}

export interface PoolOutcomes {
  readonly hash: HashOutcome;
  readonly place: PlaceOutcome;
}

export interface PoolCall<Kind extends keyof PoolTasks> {
  readonly kind: Kind;
  readonly task: PoolTasks[Kind];
}

const ways: { readonly [Kind in keyof PoolTasks]: (task: PoolTasks[Kind]) => Promise<PoolOutcomes[Kind]> } = {
  hash: doHashTask,
  place: async (task) => doPlaceTask(task),
};

export function doPoolTask<Kind extends keyof PoolTasks>({ kind, task }: PoolCall<Kind>): Promise<PoolOutcomes[Kind]> {
  return ways[kind](task);
}
