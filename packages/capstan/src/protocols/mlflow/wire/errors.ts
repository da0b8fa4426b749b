import { errorCodes, notOfferedAt, type ErrorCode } from '@capstan/api';
import type { ErrorRenderer, HeldReply } from '#http';
import { DomainError } from '#kernel/errors';

interface MlflowError {
  readonly status: number;
  /** A name of MLflow's ErrorCode enumeration. */
  readonly code: string;
}

/** Never a status that clients send again (408, 429, 5xx) for what the caller did wrong. */
const table: Readonly<Record<ErrorCode, MlflowError>> = {
  INVALID_ARGUMENT: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  UNAUTHENTICATED: { status: 401, code: 'UNAUTHENTICATED' },
  PERMISSION_DENIED: { status: 403, code: 'PERMISSION_DENIED' },
  NOT_FOUND: { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' },
  METHOD_NOT_ALLOWED: { status: 405, code: 'ENDPOINT_NOT_FOUND' },
  ALREADY_EXISTS: { status: 400, code: 'RESOURCE_ALREADY_EXISTS' },
  CONFLICT: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  TOO_LARGE: { status: 413, code: 'BAD_REQUEST' },
  UNSUPPORTED_MEDIA_TYPE: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  RESOURCE_EXHAUSTED: { status: 429, code: 'RESOURCE_EXHAUSTED' },
  INTERNAL: { status: 500, code: 'INTERNAL_ERROR' },
  DATA_LOSS: { status: 500, code: 'DATA_LOSS' },
  NOT_IMPLEMENTED: { status: 501, code: 'NOT_IMPLEMENTED' },
  UNAVAILABLE: { status: 503, code: 'TEMPORARILY_UNAVAILABLE' },
  DEADLINE_EXCEEDED: { status: 504, code: 'DEADLINE_EXCEEDED' },
  STORAGE_FULL: { status: 507, code: 'RESOURCE_EXHAUSTED' },
};

/** `{"error_code", "message"}`; the hint joins the message, which is all that MLflow's clients show. */
export const mlflowErrors: ErrorRenderer = (error, requestId) => render(table[error.code], error, requestId);

/**
 * The shape for a path that no route has; undefined for one that is not MLflow's. Not RESOURCE_DOES_NOT_EXIST, from which
 * clients go on as if only the object were missing.
 */
export function unknownMlflowCall(path: string): ErrorRenderer | undefined {
  const known = notOfferedAt(path);
  if (!known && !/^\/(?:ajax-)?api\/\d\.0\/mlflow(?:-artifacts)?\//.test(path)) return undefined;
  return (error, requestId) => {
    const message = `${error.message}: Capstan does not offer this call of MLflow`;
    const told = new DomainError(error.code, message, known && { hint: known.instead });
    return render({ status: 404, code: 'ENDPOINT_NOT_FOUND' }, told, requestId);
  };
}

function render({ status, code }: MlflowError, error: DomainError, requestId: string): HeldReply {
  const message = error.hint === undefined ? error.message : `${error.message.replace(/[^.?!]$/, '$&.')} ${error.hint}`;
  return {
    status,
    headers: { 'content-type': 'application/json', ...(errorCodes[error.code].isRetryable && { 'retry-after': '1' }) },
    body: JSON.stringify({ error_code: code, message, request_id: requestId }),
  };
}
