import { errorCodes } from '@capstan/api';
import type { ErrorRenderer } from '#http';

/** `{"error": text}`: the one shape that clients of the protocol read. */
export const openInferenceError: ErrorRenderer = (error, requestId) => {
  const { status, isRetryable } = errorCodes[error.code];
  const text = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'x-request-id': requestId,
      ...(isRetryable && { 'retry-after': '1' }),
    },
    body: JSON.stringify({ error: text }),
  };
};
