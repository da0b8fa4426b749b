import { errorCodes, type ErrorCode } from '@capstan/api';
import type { ErrorRenderer } from '#http';

const CODES: { readonly [C in ErrorCode]?: string } = {
  INVALID_ARGUMENT: 'BAD_REQUEST',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  NOT_FOUND: 'RESOURCE_DOES_NOT_EXIST',
  TOO_LARGE: 'BAD_REQUEST',
  RESOURCE_EXHAUSTED: 'REQUEST_LIMIT_EXCEEDED',
  NOT_IMPLEMENTED: 'NOT_IMPLEMENTED',
  STORAGE_FULL: 'RESOURCE_EXHAUSTED',
  UNAVAILABLE: 'TEMPORARILY_UNAVAILABLE',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
};

/** `{"error_code", "message"}`, as MLflow's scoring server answers; plain text for a content type it does not take. */
export const mlflowScoringError: ErrorRenderer = (error) => {
  const { status, isRetryable } = errorCodes[error.code];
  if (error.code === 'UNSUPPORTED_MEDIA_TYPE')
    return { status, headers: { 'content-type': 'text/plain' }, body: error.message };
  const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  const body = JSON.stringify({ error_code: CODES[error.code] ?? 'INTERNAL_ERROR', message });
  const headers = { 'content-type': 'application/json', ...(isRetryable && { 'retry-after': '1' }) };
  return { status, headers, body };
};
