import { conflict } from './errors.ts';

/** For each state, the states that may follow it. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>;

/**
 * Throws CONFLICT unless `to` may follow `from`.
 * `what` names the object in the message, e.g. `rollout ro_123`.
 */
export function assertTransition<State extends string>(
  transitions: Transitions<State>,
  what: string,
  from: State,
  to: State,
): void {
  if (transitions[from].includes(to)) return;
  const allowed = transitions[from].length === 0 ? 'it has ended' : `it may become: ${transitions[from].join(', ')}`;
  throw conflict(`${what} is ${from} and cannot become ${to}`, { hint: allowed });
}

/** True when nothing may follow `state`. */
export function isTerminal<State extends string>(transitions: Transitions<State>, state: State): boolean {
  return transitions[state].length === 0;
}
