// Composition of the commands that work in a checkout with no server.
import { createExecutorLocal } from '#adapters/executor-local';
import type { Executor } from '#ports/executor';

/** Runs commands on this machine, for work in a checkout. */
export function localCommands(): Executor {
  return createExecutorLocal();
}
