/**
 * The one table of error codes: what each means over HTTP and whether the same call may be sent again.
 * Domain code throws `DomainError(code, …)`; the native API renders it as RFC 9457, every foreign protocol in its own shape.
 */
export const errorCodes = {
  INVALID_ARGUMENT: { status: 400, title: 'The request is not valid', isRetryable: false },
  UNAUTHENTICATED: { status: 401, title: 'Who you are is not known', isRetryable: false },
  PERMISSION_DENIED: { status: 403, title: 'You may not do this', isRetryable: false },
  NOT_FOUND: { status: 404, title: 'No such object', isRetryable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This address does not take that method', isRetryable: false },
  ALREADY_EXISTS: { status: 409, title: 'It exists already', isRetryable: false },
  CONFLICT: { status: 409, title: 'It has changed or its state does not allow this', isRetryable: false },
  TOO_LARGE: { status: 413, title: 'The request is too large', isRetryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'This content type is not taken here', isRetryable: false },
  RESOURCE_EXHAUSTED: { status: 429, title: 'Too many requests', isRetryable: true },
  INTERNAL: { status: 500, title: 'Capstan failed', isRetryable: false },
  DATA_LOSS: { status: 500, title: 'Stored bytes are damaged', isRetryable: false },
  NOT_IMPLEMENTED: { status: 501, title: 'This server does not offer it', isRetryable: false },
  UNAVAILABLE: { status: 503, title: 'Not ready now', isRetryable: true },
  DEADLINE_EXCEEDED: { status: 504, title: 'It took too long', isRetryable: true },
  STORAGE_FULL: { status: 507, title: 'No space left to write', isRetryable: true },
} as const;

export type ErrorCode = keyof typeof errorCodes;
