import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Executor } from '#ports/executor';

/** Where commands of stages may run, by the name that `executor` of capstan.yaml has for it. `local` is always there. */
export type Executors = ReadonlyMap<string, Executor>;

/** This machine; also where environments are built. */
export const LOCAL_EXECUTOR = 'local';

/** @throws DomainError INVALID_ARGUMENT naming those there are */
export function executorNamed(executors: Executors, name: string): Executor {
  const found = executors.get(name);
  if (found) return found;
  const known = [...executors.keys()];
  const suggestion = nearest(name, known);
  throw invalid(`This server has no executor '${name}', which the project's capstan.yaml names`, {
    field: 'executor',
    hint: `${suggestion === undefined ? '' : `Did you mean ${suggestion}? `}There is ${known.join(', ')}. Others are set up where the server starts: \`capstan up --help\` and docs/guide/pipelines.md name the settings.`,
  });
}
