// What the options of a remote in Azure Blob Storage mean, as dvc reads them.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix } from 'node:path';
import { remoteError, type RemoteSettings } from '#ports/object-remote';
import { readConnectionString } from './connection-string.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Who asks. A key signs each call, a SAS is a part of each address, a token comes from Microsoft Entra. */
export type AzureLogin =
  | { readonly by: 'key'; readonly account: string; readonly key: string }
  | { readonly by: 'sas'; readonly query: string }
  | { readonly by: 'secret'; readonly tenant: string; readonly client: string; readonly secret: string }
  | { readonly by: 'default'; readonly withEnvironment: boolean; readonly withManagedIdentity: boolean }
  | { readonly by: 'nobody' };

export interface AzureSettings {
  readonly name: string;
  readonly address: string;
  readonly container: string;
  /** Before every path: empty, or ending in `/`. */
  readonly prefix: string;
  /** Of the account's blobs, without a `/` at its end. */
  readonly endpoint: string;
  readonly login: AzureLogin;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
}

const TIMEOUT_S = 60;

/** @throws DomainError INVALID_ARGUMENT for an url without a container, no account, and half of a way to sign in */
export function azureSettings({ name, url, options }: RemoteSettings, env: Env): AzureSettings {
  const [, container = '', path = ''] = /^azure:\/\/([^/]+)\/?(.*)$/i.exec(url) ?? [];
  const address = url.replace(/\/$/, '');
  const cleaned = posix.normalize(path).replace(/^\.?\/?|\/$/g, '');
  const unfit = (what: string, hint: string) => remoteError({ name, address }, 'unfit', what, { hint });
  if (container === '') throw unfit('an address without a container', 'Write azure://CONTAINER/PATH.');
  const option = (key: string): string | undefined => options.get(key) || undefined;
  const cli = cliStorage(env);
  const get = (key: string, inCli?: string, inEnv?: string): string | undefined =>
    option(key) ?? (inCli === undefined ? undefined : cli(inCli)) ?? ((inEnv && env[inEnv]) || undefined);
  const text = get('connection_string', 'connection_string', 'AZURE_STORAGE_CONNECTION_STRING');
  const connection = text === undefined ? undefined : readConnectionString(text);
  if (text !== undefined && !connection) {
    throw unfit('its connection_string', 'Copy it anew from the access keys of the storage account.');
  }
  const account = connection?.account ?? get('account_name', 'account', 'AZURE_STORAGE_ACCOUNT_NAME');
  const endpoint =
    connection?.endpoint ?? (account === undefined ? undefined : `https://${account}.blob.core.windows.net`);
  if (endpoint === undefined || !URL.canParse(endpoint)) {
    throw unfit('a container of no account', 'Set account_name or connection_string, or AZURE_STORAGE_ACCOUNT.');
  }
  const seconds = (value: string | undefined): number => Number(value ?? TIMEOUT_S) * 1_000;
  const isTrue = (key: string): boolean => option(key)?.toLowerCase() === 'true';
  const login = (): AzureLogin => {
    const own = {
      tenant: get('tenant_id', undefined, 'AZURE_STORAGE_TENANT_ID'),
      client: get('client_id', undefined, 'AZURE_STORAGE_CLIENT_ID'),
      secret: get('client_secret', undefined, 'AZURE_STORAGE_CLIENT_SECRET'),
    };
    const key = get('account_key', 'key', 'AZURE_STORAGE_ACCOUNT_KEY');
    const sas = get('sas_token', 'sas_token', 'AZURE_STORAGE_SAS_TOKEN');
    if (key !== undefined && account !== undefined) return { by: 'key', account, key };
    if (sas !== undefined) return { by: 'sas', query: sas.replace(/^\?/, '') };
    const { tenant, client, secret } = own;
    if (tenant !== undefined && client !== undefined && secret !== undefined) {
      return { by: 'secret', tenant, client, secret };
    }
    const lacking = Object.entries({ tenant_id: tenant, client_id: client, client_secret: secret }).filter(
      ([, it]) => !it,
    );
    if (lacking.length < 3) {
      throw unfit(`a service principal without ${lacking.map(([it]) => it).join(' and ')}`, 'Set all three of them.');
    }
    if (isTrue('allow_anonymous_login') || isAnonymousBy(env)) return { by: 'nobody' };
    return {
      by: 'default',
      withEnvironment: !isTrue('exclude_environment_credential'),
      withManagedIdentity: !isTrue('exclude_managed_identity_credential'),
    };
  };
  return {
    name,
    address,
    container,
    prefix: cleaned === '' ? '' : `${cleaned}/`,
    endpoint: endpoint.replace(/\/+$/, ''),
    login: connection?.login ?? login(),
    connectTimeoutMs: seconds(option('connection_timeout')),
    readTimeoutMs: seconds(option('read_timeout') ?? option('timeout')),
  };
}

const isAnonymousBy = (env: Env): boolean =>
  !['', 'false', '0', 'f'].includes((env['AZURE_STORAGE_ANON'] ?? '').toLowerCase());

/** Settings of `az`, from its variables and the `[storage]` of its file. */
function cliStorage(env: Env): (key: string) => string | undefined {
  let section: ReadonlyMap<string, string> | undefined;
  return (key) => {
    const inEnv = env[`AZURE_STORAGE_${key.toUpperCase()}`];
    if (inEnv) return inEnv;
    section ??= storageSection(join(env['AZURE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.azure'), 'config'));
    return section.get(key) || undefined;
  };
}

function storageSection(file: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = '';
  for (const line of textOrNothing(file).split(/\r?\n/)) {
    const [, name] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    const [, key, value] = /^([^=:#;\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) section = name.trim();
    else if (section === 'storage' && key !== undefined && value !== undefined) found.set(key.toLowerCase(), value);
  }
  return found;
}

/** What cannot be read sets nothing. */
function textOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
