import type { IncomingMessage } from 'node:http';
import { remoteError, type RemoteFailure } from '#ports/object-remote';
import { textOf } from '../rest/rest-calls.ts';
import { failureOfStatus, type Refusal } from '../rest/rest-failures.ts';
import type { AzureSettings } from './azure-settings.ts';

const BY_CODE: Readonly<Record<string, RemoteFailure>> = {
  AccountIsDisabled: 'refused',
  AuthenticationFailed: 'unknown caller',
  ContainerBeingDeleted: 'unreachable',
  ContainerNotFound: 'unfit',
  InvalidAuthenticationInfo: 'unknown caller',
  LeaseIdMissing: 'refused',
  NoAuthenticationInformation: 'unknown caller',
  PublicAccessNotPermitted: 'unknown caller',
  BlobImmutableDueToPolicy: 'refused',
};

export const AZURE_HINT =
  'Set account_key, sas_token, connection_string or tenant_id, client_id and client_secret in .dvc/config.local, their variables, or sign in with: az login.';

const HINTS: Readonly<Record<string, string>> = {
  ContainerNotFound: 'Create the container, or correct the url of the remote.',
  AuthorizationPermissionMismatch: 'Give your account the role Storage Blob Data Contributor.',
};

/** What Azure says of a call that it does not do: in a header, and in XML where there is a body. */
export async function readRefusal(answer: IncomingMessage): Promise<Refusal> {
  const text = await textOf(answer);
  const status = answer.statusCode ?? 0;
  const code = String(answer.headers['x-ms-error-code'] ?? /<Code>([^<]*)</.exec(text)?.[1] ?? '');
  // The first line of the message; ids of the request follow.
  const [, message] = /<Message>([^<\r\n]*)/.exec(text) ?? [];
  return { status, code, message: message ?? (code || `status ${status}`) };
}

export function azureError(at: AzureSettings, what: string, { status, code, message }: Refusal): unknown {
  const failure = BY_CODE[code] ?? failureOfStatus(status);
  const hint = HINTS[code] ?? (failure === 'unknown caller' ? AZURE_HINT : undefined);
  return remoteError(at, failure, what, { cause: new Error(message), ...(hint !== undefined && { hint }) });
}
