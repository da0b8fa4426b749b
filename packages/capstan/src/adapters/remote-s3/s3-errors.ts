import { DomainError } from '#kernel/errors';
import { remoteError, type RemoteFailure } from '#ports/object-remote';
import type { S3Settings } from './s3-settings.ts';

const BY_NAME: Readonly<Record<string, RemoteFailure>> = {
  AccessDenied: 'refused',
  AllAccessDisabled: 'refused',
  CredentialsProviderError: 'unknown caller',
  ExpiredToken: 'unknown caller',
  InvalidAccessKeyId: 'unknown caller',
  InvalidToken: 'unknown caller',
  SignatureDoesNotMatch: 'unknown caller',
  NoSuchKey: 'not found',
  NotFound: 'not found',
  InvalidBucketName: 'unfit',
  NoSuchBucket: 'unfit',
  PermanentRedirect: 'unfit',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
};

const BY_STATUS: Readonly<Record<number, RemoteFailure>> = {
  301: 'unfit',
  401: 'unknown caller',
  403: 'refused',
  404: 'not found',
  405: 'not offered',
  408: 'unreachable',
  429: 'unreachable',
  507: 'full',
};

const HINTS: Readonly<Record<string, string>> = {
  InvalidBucketName:
    'Correct the url of the remote: a bucket has 3 to 63 lower-case letters, digits, - and . in its name.',
  NoSuchBucket: 'Create the bucket, or correct the url of the remote.',
  PermanentRedirect: 'The bucket is in another region: set the region of the remote.',
  CredentialsProviderError:
    'Set access_key_id and secret_access_key in .dvc/config.local, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.',
};

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly Code?: string;
}

/** A bucket that is not there is another matter than an object. */
export function isNotThere(error: unknown): boolean {
  return error instanceof Error && error.name !== 'NoSuchBucket' && statusOf(error) === 404;
}

/** What the SDK threw, as every remote says it; the signal's reason where that ended the call. */
export function asRemoteError(at: S3Settings, what: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const status = statusOf(error);
  const kind =
    BY_NAME[error.name] ??
    (status === undefined ? undefined : BY_STATUS[status]) ??
    (isOfTheServer(status) || isOfTheWay(error) ? 'unreachable' : undefined);
  if (kind === undefined) return error;
  const hint = HINTS[error.name];
  return remoteError(at, kind, what, { cause: named(error), ...(hint !== undefined && { hint }) });
}

/** The SDK's words for a lone status say nothing: `UnknownError`. */
function named(error: Error): Error {
  const isSilent = error.message === '' || error.message === 'UnknownError' || error.message === error.name;
  return isSilent
    ? new Error(error.name === 'Unknown' ? `status ${statusOf(error)}` : error.name, { cause: error })
    : error;
}

const isOfTheServer = (status: number | undefined): boolean => status !== undefined && status >= 500;

/** From the socket, or the SDK's words for it. */
function isOfTheWay(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(?:E(?:CONN|HOST|NET|AI_|PIPE|TIMEDOUT)|UND_|ERR_STREAM_PREMATURE_CLOSE|ERR_TLS|CERT_)/.test(code) ||
    /^(?:TimeoutError|RequestTimeout|SlowDown|NetworkingError|AbortError)$/.test(error.name) ||
    /socket hang up|aborted|certificate/i.test(error.message)
  );
}

function statusOf(error: Error): number | undefined {
  return (error as SdkError).$metadata?.httpStatusCode;
}
