import type { ErrorCode } from '@capstan/api';

export interface ErrorFacts {
  /** The request field or file place at fault, e.g. `body.metrics[0].step` or `capstan.yaml:12:5`. */
  readonly field?: string;
  /** What the reader can do about it, as one sentence. */
  readonly hint?: string;
  /** Machine-readable facts shown to the caller; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failure of the expected kind. Its message and facts are shown to the caller; its `cause` is only logged. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.field = facts.field;
    this.hint = facts.hint;
    this.details = facts.details;
  }
}

export function invalid(message: string, facts: ErrorFacts = {}): DomainError {
  return new DomainError('INVALID_ARGUMENT', message, facts);
}

export function notFound(kind: string, id: string, hint?: string): DomainError {
  return new DomainError('NOT_FOUND', `No ${kind} '${id}'`, hint === undefined ? {} : { hint });
}

export function conflict(message: string, facts: ErrorFacts = {}): DomainError {
  return new DomainError('CONFLICT', message, facts);
}

/** The message of whatever was thrown, for logs and records. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
