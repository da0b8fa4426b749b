// Who is asking Google: service accounts, people, other clouds' programs and machines, by Google's own package.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { remoteError } from '#ports/object-remote';
import { codeOf } from '../rest/rest-calls.ts';
import type { GsSettings } from './gs-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Sdk = typeof import('google-auth-library');

/** What each kind of client has in common. */
interface Client {
  getRequestHeaders(): Promise<Headers>;
}

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';

export const GS_HINT =
  'Set credentialpath to a key file in .dvc/config.local, GOOGLE_APPLICATION_CREDENTIALS, or sign in with: gcloud auth application-default login.';

/** Headers that say who asks: none where nobody is known, as dvc asks then. */
export type GsCredentials = () => Promise<Readonly<Record<string, string>>>;

/**
 * Nothing is looked for before the first call; tokens are kept until they end.
 * @throws DomainError, from the call: INVALID_ARGUMENT for a key file of no use, UNAUTHENTICATED, UNAVAILABLE
 */
export function gsCredentials(at: GsSettings, env: Env): GsCredentials {
  if (at.isAnonymous) return async () => ({});
  let asking: Promise<Client | undefined> | undefined;
  return async () => {
    try {
      const client = await (asking ??= clientOf(at, env));
      return client ? Object.fromEntries(await client.getRequestHeaders()) : {};
    } catch (error) {
      asking = undefined;
      throw credentialsError(at, error);
    }
  };
}

async function clientOf(at: GsSettings, env: Env): Promise<Client | undefined> {
  const sdk = await import('google-auth-library');
  const named = at.keyFile ?? (env['GOOGLE_APPLICATION_CREDENTIALS'] || undefined);
  if (named !== undefined) return await clientOfFile(sdk, at, named);
  const gcloud = env['CLOUDSDK_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.config', 'gcloud');
  const signedIn = join(gcloud, 'application_default_credentials.json');
  const client = await clientOfFile(sdk, at, signedIn).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  return client ?? (await clientOfMachine(sdk));
}

/** The package reads files as well, but warns of itself on the terminal then. */
async function clientOfFile(sdk: Sdk, at: GsSettings, file: string): Promise<Client> {
  const useless = (cause: unknown) => remoteError(at, 'unfit', `the key file ${file}`, { cause, hint: GS_HINT });
  try {
    return createClient(sdk, JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>);
  } catch (error) {
    throw useless(error);
  }
}

/** @see https://google.aip.dev/auth/4110 for the kinds of key files */
function createClient(sdk: Sdk, key: Readonly<Record<string, unknown>>): Client {
  const text = (field: string): string => {
    const value = key[field];
    if (typeof value === 'string' && value !== '') return value;
    throw new Error(`it has no ${field}`);
  };
  const type = text('type');
  switch (type) {
    case 'service_account':
      return new sdk.JWT({ email: text('client_email'), key: text('private_key'), scopes: [SCOPE] });
    case 'authorized_user': {
      const person = { clientId: text('client_id'), clientSecret: text('client_secret') };
      return new sdk.UserRefreshClient({ ...person, refreshToken: text('refresh_token') });
    }
    case 'external_account':
      return createClientOfOther(sdk, key);
    default:
      throw new Error(`its type is not offered: ${type}`);
  }
}

/** Who is known to another cloud or a provider of identities: where a token of that comes from tells which client it takes. */
function createClientOfOther(sdk: Sdk, key: Readonly<Record<string, unknown>>): Client {
  const source = (key['credential_source'] ?? {}) as Readonly<Record<string, unknown>>;
  const options: unknown = { ...key, scopes: [SCOPE] };
  if (source['environment_id'] !== undefined) {
    return new sdk.AwsClient(options as ConstructorParameters<Sdk['AwsClient']>[0]);
  }
  // A program is run only where GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES says so.
  if (source['executable'] !== undefined) {
    return new sdk.PluggableAuthClient(options as ConstructorParameters<Sdk['PluggableAuthClient']>[0]);
  }
  return new sdk.IdentityPoolClient(options as ConstructorParameters<Sdk['IdentityPoolClient']>[0]);
}

/** Of a machine of Google; undefined on others. */
async function clientOfMachine({ GoogleAuth }: Sdk): Promise<Client | undefined> {
  try {
    return await new GoogleAuth({ scopes: [SCOPE] }).getClient();
  } catch (error) {
    if (error instanceof Error && /default credentials/i.test(error.message)) return undefined;
    throw error;
  }
}

const isAbsent = (error: unknown): boolean => error instanceof DomainError && codeOf(error.cause) === 'ENOENT';

function credentialsError(at: GsSettings, error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const isOfTheWay = /^(?:E(?:CONN|HOST|NET|AI_|PIPE|TIMEDOUT|NOTFOUND)|UND_|5\d\d$)/.test(codeOf(error));
  return remoteError(at, isOfTheWay ? 'unreachable' : 'unknown caller', 'a token', {
    cause: error,
    ...(!isOfTheWay && { hint: GS_HINT }),
  });
}
