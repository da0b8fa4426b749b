import type { ErrorCode } from '@capstan/api';

/** What scripts may rely on. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  unreachable: 6,
  /** A check ran and the answer is no: a gate failed, drift was found, the chain is broken. */
  no: 10,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export function exitCodeOf(code: string): number {
  const byError: { readonly [C in ErrorCode]?: number } = {
    INVALID_ARGUMENT: exitCodes.usage,
    NOT_FOUND: exitCodes.notFound,
    UNAUTHENTICATED: exitCodes.notAllowed,
    PERMISSION_DENIED: exitCodes.notAllowed,
    ALREADY_EXISTS: exitCodes.conflict,
    CONFLICT: exitCodes.conflict,
    UNAVAILABLE: exitCodes.unreachable,
    DEADLINE_EXCEEDED: exitCodes.unreachable,
    INTERNAL: exitCodes.bug,
  };
  return byError[code as ErrorCode] ?? exitCodes.failed;
}
