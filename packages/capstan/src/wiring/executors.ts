import { createExecutorLocal } from '#adapters/executor-local';
import { LOCAL_EXECUTOR, type Executors } from '#model/pipelines';

/** Where stages may run, by the name that `executor` of capstan.yaml has for it: this machine, and what is configured. */
export function createExecutors(): Executors {
  return new Map([[LOCAL_EXECUTOR, createExecutorLocal()]]);
}
