import { DomainError } from '#kernel/errors';

/** A request that was not let run, for its own or everybody's sake; nothing is wrong with the model. */
export class Refused extends DomainError {}

export function tooLate(): DomainError {
  return new Refused('DEADLINE_EXCEEDED', 'The deadline of the request passed before its answer was there', {
    hint: 'Try again, or allow more time.',
  });
}

export function noAnswer(ms: number): Error {
  return new Error(`no answer within ${ms / 1_000} s`);
}

export function goneCaller(): DomainError {
  return new Refused('DEADLINE_EXCEEDED', 'The caller has gone before its answer was there');
}
