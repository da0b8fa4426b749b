// Tokens of Microsoft Entra for those who have no key: programs with a secret, pods, machines of Azure, people who are
// signed in with `az`. In this order, as Microsoft's own packages go.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { remoteError } from '#ports/object-remote';
import { RestCalls, textOf, type RestCall } from '../rest/rest-calls.ts';
import { isSuccess } from '../rest/rest-failures.ts';
import { AZURE_HINT } from './azure-failures.ts';
import type { AzureLogin, AzureSettings } from './azure-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

interface Token {
  readonly value: string;
  readonly endsAtMs: number;
}

const RESOURCE = 'https://storage.azure.com';
const AUTHORITY = 'https://login.microsoftonline.com';
/** Answers on machines of Azure alone. */
const MACHINE = 'http://169.254.169.254';
const MACHINE_LIMITS = { connectTimeoutMs: 1_000, readTimeoutMs: 10_000 };
const AUTHORITY_LIMITS = { connectTimeoutMs: 30_000, readTimeoutMs: 30_000 };
/** A token is asked for anew so long before it ends. */
const SPARE_MS = 300_000;
const CLI_LIMIT_MS = 30_000;

/**
 * A source of tokens, each kept until it ends.
 * @throws DomainError, from the call: UNAUTHENTICATED, and UNAVAILABLE where Entra does not answer
 */
export function azureTokens(at: AzureSettings, login: AzureLogin, env: Env): () => Promise<string> {
  let asking: Promise<Token> | undefined;
  return async () => {
    const kept = await asking?.catch(() => undefined);
    if (kept && kept.endsAtMs - SPARE_MS > Date.now()) return kept.value;
    asking = tokenOf(login, env);
    try {
      return (await asking).value;
    } catch (error) {
      const isRefused = error instanceof NoToken;
      throw remoteError(at, isRefused ? 'unknown caller' : 'unreachable', 'a token', {
        cause: error,
        ...(isRefused && { hint: AZURE_HINT }),
      });
    }
  };
}

class NoToken extends Error {}

async function tokenOf(login: AzureLogin, env: Env): Promise<Token> {
  if (login.by === 'secret') {
    return await ofEntra(login.tenant, { client_id: login.client, client_secret: login.secret }, env);
  }
  if (login.by !== 'default') throw new NoToken('there is nothing to ask for one with');
  const tenant = env['AZURE_TENANT_ID'];
  const client = env['AZURE_CLIENT_ID'];
  const secret = env['AZURE_CLIENT_SECRET'];
  const tokenFile = env['AZURE_FEDERATED_TOKEN_FILE'];
  if (login.withEnvironment && tenant && client && secret) {
    return await ofEntra(tenant, { client_id: client, client_secret: secret }, env);
  }
  if (tenant && client && tokenFile) {
    const assertion = {
      client_id: client,
      client_assertion: (await readFile(tokenFile, 'utf8')).trim(),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
    return await ofEntra(tenant, assertion, env);
  }
  const ofHere = login.withManagedIdentity ? await ofMachine(client, env) : undefined;
  return ofHere ?? (await ofCli(env));
}

async function ofEntra(tenant: string, fields: Readonly<Record<string, string>>, env: Env): Promise<Token> {
  const authority = (env['AZURE_AUTHORITY_HOST'] ?? AUTHORITY).replace(/\/+$/, '');
  const body = new URLSearchParams({ ...fields, grant_type: 'client_credentials', scope: `${RESOURCE}/.default` });
  return await answered(
    {
      method: 'POST',
      url: new URL(`${authority}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(String(body)),
    },
    AUTHORITY_LIMITS,
    env,
  );
}

/** Of the managed identity of a machine or an app; undefined where this is none of Azure's. */
async function ofMachine(client: string | undefined, env: Env): Promise<Token | undefined> {
  const app = env['IDENTITY_ENDPOINT'];
  const header = env['IDENTITY_HEADER'];
  const query = new URLSearchParams({ resource: RESOURCE, ...(client !== undefined && { client_id: client }) });
  if (app && header) {
    const url = new URL(`${app}?api-version=2019-08-01&${query}`);
    return await answered({ method: 'GET', url, headers: { 'x-identity-header': header } }, AUTHORITY_LIMITS, env);
  }
  const machine = (env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? MACHINE).replace(/\/+$/, '');
  const url = new URL(`${machine}/metadata/identity/oauth2/token?api-version=2018-02-01&${query}`);
  // A proxy would be asked for an address that only the machine itself has.
  return await answered({ method: 'GET', url, headers: { metadata: 'true' } }, MACHINE_LIMITS, {}).catch(
    () => undefined,
  );
}

async function ofCli(env: Env): Promise<Token> {
  const args = ['account', 'get-access-token', '--output', 'json', '--resource', RESOURCE];
  try {
    const { stdout } = await promisify(execFile)('az', args, { env: { ...env }, timeout: CLI_LIMIT_MS });
    const told = JSON.parse(stdout) as { accessToken: string; expires_on?: number; expiresOn: string };
    // Older versions tell the time of this machine's clock only.
    const endsAtMs = told.expires_on === undefined ? Date.parse(told.expiresOn) : told.expires_on * 1_000;
    return { value: told.accessToken, endsAtMs };
  } catch (error) {
    throw new NoToken('no key, no identity of this machine, and nobody is signed in with az', { cause: error });
  }
}

async function answered(call: RestCall, limits: typeof MACHINE_LIMITS, env: Env): Promise<Token> {
  const calls = new RestCalls(limits, env);
  try {
    const answer = await calls.send(call);
    const text = await textOf(answer);
    const status = answer.statusCode ?? 0;
    if (!isSuccess(answer) && status >= 500) throw new Error(`Microsoft Entra answers with ${status}`);
    if (!isSuccess(answer)) throw new NoToken(whyNot(text) ?? `Microsoft Entra answers with ${status}`);
    const { access_token, expires_in } = JSON.parse(text) as { access_token: string; expires_in: number | string };
    return { value: access_token, endsAtMs: Date.now() + Number(expires_in) * 1_000 };
  } finally {
    calls.close();
  }
}

/** The first line of what Entra describes; ids of the request follow. */
function whyNot(text: string): string | undefined {
  try {
    const { error_description: words } = JSON.parse(text) as { error_description?: string };
    return words?.split(/[\r\n]/)[0];
  } catch {
    return undefined;
  }
}
