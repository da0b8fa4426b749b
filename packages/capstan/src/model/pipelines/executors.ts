import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Executor } from '#ports/executor';
import { unlimitedSlots, type Slots } from './running/slots.ts';

/** Where commands of stages may run, by the name that `executor` of capstan.yaml has for it. `local` is always there. */
export type Executors = ReadonlyMap<string, Executor>;

/** This machine; also where environments are built. */
export const LOCAL_EXECUTOR = 'local';

/** Stages of one run that another executor is given at once; it makes them wait itself. */
const REMOTE_AT_ONCE = 32;

/** Places for stages on the executor of that name. */
export function slotsOf({ localSlots }: { readonly localSlots: Slots }, executor: string): Slots {
  return executor === LOCAL_EXECUTOR ? localSlots : unlimitedSlots(REMOTE_AT_ONCE);
}

interface Naming {
  readonly field: string;
  /** Who names it. */
  readonly by: string;
}

const DECLARED: Naming = { field: 'executor', by: "the project's capstan.yaml" };

/** @throws DomainError INVALID_ARGUMENT naming those there are */
export function executorNamed(executors: Executors, name: string, { field, by } = DECLARED): Executor {
  const found = executors.get(name);
  if (found) return found;
  const known = [...executors.keys()];
  const suggestion = nearest(name, known);
  throw invalid(`This server has no executor '${name}', which ${by} names`, {
    field,
    hint: `${suggestion === undefined ? '' : `Did you mean ${suggestion}? `}There is ${known.join(', ')}. Others are set up where the server starts: \`capstan up --help\` and docs/guide/pipelines.md name the settings.`,
  });
}
