import { remoteError, type RemoteFailure } from '#ports/object-remote';
import { failureOfStatus, type Refusal } from '../rest/rest-failures.ts';
import { GS_HINT } from './gs-credentials.ts';
import type { GsSettings } from './gs-settings.ts';

/** Reasons that a status alone does not tell. */
const BY_REASON: Readonly<Record<string, RemoteFailure>> = {
  rateLimitExceeded: 'unreachable',
  userRateLimitExceeded: 'unreachable',
  backendError: 'unreachable',
  authError: 'unknown caller',
  required: 'unknown caller',
};

/** What Google's JSON of an error says; its bare text from servers that answer otherwise. */
export function readRefusal(status: number, text: string): Refusal {
  try {
    const { error } = JSON.parse(text) as {
      error?: { message?: unknown; errors?: readonly { reason?: unknown }[] };
    };
    const reason = error?.errors?.[0]?.reason;
    return {
      status,
      code: typeof reason === 'string' ? reason : '',
      message: typeof error?.message === 'string' && error.message !== '' ? error.message : `status ${status}`,
    };
  } catch {
    return { status, code: '', message: text.trim().slice(0, 200) || `status ${status}` };
  }
}

/** @param isOfBucket the call names no object, or makes one: what is not found is the bucket */
export function gsError(at: GsSettings, what: string, refusal: Refusal, isOfBucket: boolean): unknown {
  const cause = new Error(refusal.message);
  if (isBucketLacking(refusal, isOfBucket)) {
    const hint = 'Create the bucket, or correct the url of the remote.';
    return remoteError(at, 'unfit', what, { cause, hint });
  }
  const failure = (refusal.status === 401 ? undefined : BY_REASON[refusal.code]) ?? failureOfStatus(refusal.status);
  return remoteError(at, failure, what, { cause, ...(failure === 'unknown caller' && { hint: GS_HINT }) });
}

export function isBucketLacking({ status, message }: Refusal, isOfBucket: boolean): boolean {
  return status === 404 && (isOfBucket || /\bbucket does not exist/i.test(message));
}
