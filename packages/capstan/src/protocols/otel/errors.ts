import { errorCodes, type ErrorCode } from '@capstan/api';
import type { ErrorRenderer, HeldReply } from '#http';

/** MLflow's names, where its server answers with them; its own framework answers the rest with a `detail`. */
const names: { readonly [C in ErrorCode]?: { status: number; code: string } } = {
  NOT_FOUND: { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' },
  CONFLICT: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  INVALID_ARGUMENT: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
};

/** `{"error_code", "message"}` for what is wrong with the experiment or run, `{"detail"}` for all else. */
export const otelErrors: ErrorRenderer = (error) => {
  const message = error.hint === undefined ? error.message : `${error.message.replace(/[^.?!]$/, '$&.')} ${error.hint}`;
  const named = names[error.code];
  if (named) return json(named.status, { error_code: named.code, message });
  const { status, isRetryable } = errorCodes[error.code];
  return json(status, { detail: message }, isRetryable ? { 'retry-after': '1' } : {});
};

/** A refusal as MLflow's server writes it: a text, or a list for a header that is not there. */
export function detail(status: number, what: unknown): HeldReply {
  return json(status, { detail: what });
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): HeldReply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
