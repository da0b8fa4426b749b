import { errorCodes, type Problem } from '@capstan/api';
import type { z } from 'zod';
import { DomainError, invalid } from '#kernel/errors';
import type { HeldReply } from './bind.ts';

// Not by import, which reads all that a module exports: one export of this one loads a second HTTP client, 50 ms.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** Renders a failure in a protocol's own shape. Gets DomainErrors only: the server has translated the rest. */
export type ErrorRenderer = (error: DomainError, requestId: string) => HeldReply;

/** RFC 9457 problem details. */
export const problemRenderer: ErrorRenderer = (error, requestId) => {
  const { status, title, isRetryable } = errorCodes[error.code];
  const problem: Problem = {
    type: `/docs#${error.code.toLowerCase()}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.field !== undefined && { field: error.field }),
    ...(error.hint !== undefined && { hint: error.hint }),
    requestId,
    ...(error.details !== undefined && { details: error.details }),
  };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...(isRetryable && { 'retry-after': '1' }) },
    body: JSON.stringify(problem),
  };
};

/** A failed parse as one error that names each field. `where` is `params`, `query` or `body`. */
export function validationError(where: string, error: z.ZodError): DomainError {
  const issues = error.issues.map((issue) => {
    const field = [where, ...issue.path].reduce<string>(
      (path, key) =>
        typeof key === 'number' ? `${path}[${key}]` : path === '' ? String(key) : `${path}.${String(key)}`,
      '',
    );
    return { field, message: issue.message };
  });
  const first = issues[0] ?? { field: where, message: 'not valid' };
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return invalid(`${first.field}: ${first.message}${rest}`, { field: first.field, details: { issues } });
}

/** Whatever was thrown as a DomainError: Fastify's own refusals by their status, anything else as INTERNAL without detail. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) {
    const code = Object.entries(errorCodes).find(([, facts]) => facts.status === status)?.[0] ?? 'INVALID_ARGUMENT';
    const message = error instanceof Error ? error.message : (STATUS_CODES[status] ?? 'Refused');
    return new DomainError(code as keyof typeof errorCodes, message, { cause: error });
  }
  return new DomainError('INTERNAL', 'Capstan failed to answer this request', {
    hint: 'The server log has the cause under this request id.',
    cause: error,
  });
}
