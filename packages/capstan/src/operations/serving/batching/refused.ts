import type { ErrorCode } from '@capstan/api';
import { DomainError } from '#kernel/errors';

/** A request that was not let run, for its own or everybody's sake; nothing is wrong with the model. */
export class Refused extends DomainError {}

/** One without a stack: to note that costs more than all else of refusing, and nobody looks for where it was thrown. */
export function refused(code: ErrorCode, message: string, hint?: string): Refused {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new Refused(code, message, hint === undefined ? {} : { hint });
  } finally {
    Error.stackTraceLimit = limit;
  }
}

const MOST_KEPT = 100;
const tooMuchBy = new Map<string, Refused>();

/** One for all that are refused in the same words: there may be ten thousand a second. */
export function tooMuch(hint: string): Refused {
  const known = tooMuchBy.get(hint);
  if (known) return known;
  if (tooMuchBy.size === MOST_KEPT) tooMuchBy.clear();
  const made = refused('RESOURCE_EXHAUSTED', 'The answer would come after the deadline of the request', hint);
  tooMuchBy.set(hint, made);
  return made;
}

export function tooLate(): DomainError {
  return refused(
    'DEADLINE_EXCEEDED',
    'The deadline of the request passed before its answer was there',
    'Try again, or allow more time.',
  );
}

export function noAnswer(ms: number): Error {
  return new Error(`no answer within ${ms / 1_000} s`);
}

export function goneCaller(): DomainError {
  return refused('DEADLINE_EXCEEDED', 'The caller has gone before its answer was there');
}
