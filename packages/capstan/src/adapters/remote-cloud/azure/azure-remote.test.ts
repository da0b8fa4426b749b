import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, settingsOf, type AnsweringServer, type Asked } from '../testing.ts';
import { azureSettings } from './azure-settings.ts';
import { openAzureRemote } from './azure-remote.ts';
import { azureTokens } from './azure-tokens.ts';
import { RestCalls } from '../rest/rest-calls.ts';
import { signedCalls } from './signed-calls.ts';
import { readListedPage } from './listed-names.ts';

let folder = '';
let server: AnsweringServer | undefined;
const noCli = { AZURE_CONFIG_DIR: '/nowhere' };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remote-azure-'));
});

afterEach(() => {
  server?.stop();
  rmSync(folder, { recursive: true });
});

const loginOf = (options: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  azureSettings(settingsOf('azure://container/a/../b/', options), { ...noCli, ...env });

describe('settings', () => {
  it.each([
    ['azure:///x', { account_name: 'a' }, 'without a container'],
    ['azure://container', {}, 'of no account'],
    ['azure://container', { connection_string: 'nonsense' }, 'connection_string'],
    ['azure://container', { account_name: 'a', client_id: 'c' }, 'tenant_id and client_secret'],
  ])('of no use are refused: %s %o', (url, options, words) => {
    expect(() => openAzureRemote(settingsOf(url, options), noCli)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(words) as unknown }),
    );
  });

  it('say who asks, in the order in which dvc looks', () => {
    const all = {
      account_name: 'a',
      account_key: 'a2V5',
      sas_token: '?sv=1',
      tenant_id: 't',
      client_id: 'c',
      client_secret: 's',
    };
    const { account_key: _key, ...noKey } = all;
    const { sas_token: _sas, ...principal } = noKey;
    const named = 'DefaultEndpointsProtocol=https;AccountName=b;AccountKey=eQ==;EndpointSuffix=core.example';
    expect(loginOf({ ...all, connection_string: named })).toMatchObject({
      endpoint: 'https://b.blob.core.example',
      prefix: 'b/',
      login: { by: 'key', account: 'b', key: 'eQ==' },
    });
    expect(loginOf(all)).toMatchObject({
      endpoint: 'https://a.blob.core.windows.net',
      login: { by: 'key', key: 'a2V5' },
    });
    expect(loginOf(noKey).login).toEqual({ by: 'sas', query: 'sv=1' });
    expect(loginOf(principal).login).toEqual({ by: 'secret', tenant: 't', client: 'c', secret: 's' });
    expect(loginOf({ account_name: 'a' }).login).toMatchObject({ by: 'default' });
    expect(loginOf({ account_name: 'a', allow_anonymous_login: 'true' }).login).toEqual({ by: 'nobody' });
    expect(loginOf({}, { AZURE_STORAGE_ACCOUNT: 'a', AZURE_STORAGE_KEY: 'a2V5' }).login).toMatchObject({ by: 'key' });
    expect(loginOf({}, { AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' })).toMatchObject({
      endpoint: 'http://127.0.0.1:10000/devstoreaccount1',
    });
  });
});

describe('who asks', () => {
  const answersToken = (asked: Asked) => /token/.test(asked.url);
  const sent = ({ method, url, body }: Asked) => `${method} ${url} ${body.toString()}`;

  async function tokenServer(): Promise<AnsweringServer> {
    server = await answering((asked, response) => {
      if (answersToken(asked)) response.end(JSON.stringify({ access_token: 'of-entra', expires_in: '3600' }));
      else response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end();
    });
    return server;
  }

  function tokensOf(env: Readonly<Record<string, string>>, options: Readonly<Record<string, string>> = {}) {
    const at = azureSettings(settingsOf('azure://c', { account_name: 'a', ...options }), { ...noCli, ...env });
    return azureTokens(at, at.login, { ...noCli, ...env });
  }

  it('is told by a token, which is asked for once', async () => {
    const { url, asked } = await tokenServer();
    const env = { ...noCli, AZURE_AUTHORITY_HOST: url };
    const options = { account_name: 'a', tenant_id: 'te', client_id: 'cl', client_secret: 's+&' };
    const at = azureSettings(settingsOf('azure://c', options), env);
    const calls = new RestCalls(at, {});
    const send = signedCalls(at, calls, env);
    for (const name of ['x', 'y']) (await send({ method: 'GET', url: new URL(`${url}/c/${name}`) })).resume();
    calls.close();
    expect(asked.map(sent)).toEqual([
      'POST /te/oauth2/v2.0/token client_id=cl&client_secret=s%2B%26&grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default',
      'GET /c/x ',
      'GET /c/y ',
    ]);
    expect(asked[2]?.headers.authorization).toBe('Bearer of-entra');
  });

  it('is a program or a pod, by variables', async () => {
    const { url, asked } = await tokenServer();
    const file = join(folder, 'token');
    writeFileSync(file, 'of-the-pod\n');
    const env = { AZURE_AUTHORITY_HOST: url, AZURE_TENANT_ID: 'te', AZURE_CLIENT_ID: 'cl' };
    expect(await tokensOf({ ...env, AZURE_CLIENT_SECRET: 'se' })()).toBe('of-entra');
    expect(await tokensOf({ ...env, AZURE_FEDERATED_TOKEN_FILE: file })()).toBe('of-entra');
    expect(String(asked[0]?.body)).toContain('client_secret=se');
    expect(String(asked[1]?.body)).toContain('client_assertion=of-the-pod');
  });

  it('is an app or a machine of Azure', async () => {
    const { url, asked } = await tokenServer();
    expect(await tokensOf({ IDENTITY_ENDPOINT: `${url}/app/token`, IDENTITY_HEADER: 'h' })()).toBe('of-entra');
    expect(await tokensOf({ AZURE_POD_IDENTITY_AUTHORITY_HOST: url })()).toBe('of-entra');
    expect(asked.map(({ url: it }) => it)).toEqual([
      '/app/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com',
      '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com',
    ]);
    expect(asked.map(({ headers }) => headers['x-identity-header'] ?? headers['metadata'])).toEqual(['h', 'true']);
  });

  it('is who is signed in with az, and nobody without', async () => {
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:9' };
    const program = join(folder, 'az');
    writeFileSync(program, `#!/bin/sh\necho '{"accessToken": "of-az", "expires_on": 4102444800}'\n`);
    chmodSync(program, 0o755);
    expect(await tokensOf({ ...env, PATH: `${folder}${delimiter}/usr/bin${delimiter}/bin` })()).toBe('of-az');
    await expect(tokensOf({ ...env, PATH: '/nowhere' })()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      hint: expect.stringContaining('az login') as unknown,
    });
  });

  it.each([
    [
      401,
      '{"error_description":"AADSTS7000215: Invalid client secret.\\r\\nTrace ID: x"}',
      'UNAUTHENTICATED',
      /secret\.$/,
    ],
    [503, '', 'UNAVAILABLE', /503/],
  ])('is not known where Entra answers with %i', async (status, body, code, message) => {
    server = await answering((_, response) => void response.writeHead(status).end(body));
    const options = { tenant_id: 't', client_id: 'c', client_secret: 's' };
    const tokens = tokensOf({ AZURE_AUTHORITY_HOST: server.url }, options);
    await expect(tokens()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });
});

describe('refusals', () => {
  it.each([
    [403, 'AuthenticationFailed', 'UNAUTHENTICATED', /account_key/],
    [403, 'AuthorizationPermissionMismatch', 'PERMISSION_DENIED', /role/],
    [409, 'PublicAccessNotPermitted', 'UNAUTHENTICATED', /account_key/],
    [404, 'ContainerNotFound', 'INVALID_ARGUMENT', /container/],
    [503, 'ServerBusy', 'UNAVAILABLE', /again/],
    [500, '', 'UNAVAILABLE', /again/],
  ])('%i %s', async (status, told, code, hint) => {
    server = await answering((_, response) => void response.writeHead(status, { 'x-ms-error-code': told }).end());
    const remote = openAzureRemote(settingsOf('azure://c', { connection_string: `BlobEndpoint=${server.url}` }), noCli);
    const failed = { code, hint: expect.stringMatching(hint) as unknown };
    await expect(remote.has('a')).rejects.toMatchObject(failed);
    await expect(remote.read('a')).rejects.toMatchObject(failed);
    await remote.close();
  });
});

describe('a page of a list', () => {
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.endsWith('/'));

  it('gives back every name', () => {
    fc.assert(
      fc.property(fc.array(name), fc.option(name, { nil: undefined }), (names, next) => {
        const blobs = names.map(
          (it) => `<Blob><Name>${escaped(it)}</Name><Properties><Etag>"</Etag></Properties></Blob>`,
        );
        const marker = next === undefined ? '<NextMarker />' : `<NextMarker>${escaped(next)}</NextMarker>`;
        const xml = `<?xml version="1.0"?><EnumerationResults><Blobs>${blobs.join('')}</Blobs>${marker}</EnumerationResults>`;
        expect(readListedPage(xml)).toEqual({ names, next });
      }),
    );
  });

  it('decodes what XML cannot hold, and leaves folders out', () => {
    const xml =
      '<Blobs><Blob><Name Encoded="true">a%0Bb</Name></Blob><Blob><Name>dir</Name><Properties>' +
      '<ResourceType>directory</ResourceType></Properties></Blob><Blob><Name>x&#10;&#x1F600;</Name></Blob></Blobs>';
    expect(readListedPage(xml)).toEqual({ names: ['a\u000Bb', 'x\n\u{1F600}'], next: undefined });
  });
});
