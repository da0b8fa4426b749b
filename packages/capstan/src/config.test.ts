import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { displayValue, loadConfig } from './config.ts';

const cwd = mkdtempSync(join(tmpdir(), 'capstan-config-'));
const noFile = { XDG_CONFIG_HOME: join(cwd, 'none') };

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'capstan-config-')), 'config.yaml');
  writeFileSync(path, text);
  return path;
}

describe('order of sources', () => {
  test('flag over variable over file over default, each with its origin', async () => {
    const file = fileWith('port: 1001\nservingPort: 1002\nlogLevel: warn\n');
    const env = { ...noFile, CAPSTAN_CONFIG: file, CAPSTAN_PORT: '2001', CAPSTAN_SERVING_PORT: '2002' };
    const { config, origins } = await loadConfig({ flags: { port: '3001' }, env, cwd });
    expect(config).toMatchObject({ port: 3001, servingPort: 2002, logLevel: 'warn', host: '127.0.0.1' });
    const from = Object.fromEntries(origins.map((origin) => [origin.name, origin.from]));
    expect(from).toMatchObject({
      port: '--port',
      servingPort: 'CAPSTAN_SERVING_PORT',
      logLevel: file,
      host: 'default',
    });
  });

  test('places derive from the data directory', async () => {
    const { config } = await loadConfig({ flags: { data: 'here' }, env: noFile, cwd });
    expect(config.database).toBe(`sqlite:${join(cwd, 'here', 'capstan.db')}`);
    expect(config.artifacts).toBe(join(cwd, 'here', 'artifacts'));
  });

  test('several hosts are a list in the file and words with commas elsewhere', async () => {
    const env = { ...noFile, CAPSTAN_CONFIG: fileWith('allowedHosts: [a.example, "b.example:8443"]\n') };
    const both = ['a.example', 'b.example:8443'];
    expect((await loadConfig({ flags: {}, env, cwd })).config.allowedHosts).toEqual(both);
    const flags = { allowedHosts: 'a.example,b.example:8443' };
    expect((await loadConfig({ flags, env: noFile, cwd })).config.allowedHosts).toEqual(both);
  });

  test('the port of gRPC is 5052, and any where the serving port is', async () => {
    const portFor = async (flags: Record<string, string>) =>
      (await loadConfig({ flags, env: noFile, cwd })).config.grpcPort;
    expect(await portFor({})).toBe(5052);
    expect(await portFor({ servingPort: '6051' })).toBe(5052);
    expect(await portFor({ servingPort: '0' })).toBe(0);
    expect(await portFor({ servingPort: '0', grpcPort: '7052' })).toBe(7052);
  });

  test('switches read true and false as text', async () => {
    const { config } = await loadConfig({ flags: {}, env: { ...noFile, CAPSTAN_SERVING: 'false' }, cwd });
    expect(config.serving).toBe(false);
  });
});

describe('mistakes name the place and the fix', () => {
  test.each([
    ['an unknown variable', { CAPSTAN_PROT: '1' }, 'CAPSTAN_PROT', 'CAPSTAN_PORT'],
    ['an unknown key in the file', { CAPSTAN_CONFIG: fileWith('servingprot: 1\n') }, 'servingprot', 'servingPort'],
  ])('%s', async (_, env, field, suggestion) => {
    await expect(loadConfig({ flags: {}, env: { ...noFile, ...env }, cwd })).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field, hint: `Did you mean ${suggestion}?` }),
    );
  });

  test.each([
    ['a port out of range', { CAPSTAN_PORT: '70000' }, 'CAPSTAN_PORT'],
    ['a port that is a word', { CAPSTAN_PORT: 'many' }, 'CAPSTAN_PORT'],
    ['a host that is an address', { CAPSTAN_ALLOWED_HOSTS: 'a.example,https://b.example' }, 'NAME:PORT'],
    ['an unknown clock', { CAPSTAN_CLOCK: 'sundial' }, 'CAPSTAN_CLOCK'],
    ['a file that is a list', { CAPSTAN_CONFIG: fileWith('- 1\n') }, 'must be a map'],
    ['a file that is not YAML', { CAPSTAN_CONFIG: fileWith('a: [1\n') }, 'is not YAML'],
    ['a file that is not there', { CAPSTAN_CONFIG: '/none/config.yaml' }, 'does not exist'],
  ])('%s', async (_, env, words) => {
    await expect(loadConfig({ flags: {}, env: { ...noFile, ...env }, cwd })).rejects.toThrow(words);
  });
});

test('credentials in a URL are not shown', async () => {
  const env = { ...noFile, CAPSTAN_DATABASE: 'postgresql://me:secret@localhost/capstan' };
  const { origins } = await loadConfig({ flags: {}, env, cwd });
  const database = origins.find((origin) => origin.name === 'database');
  expect(database && displayValue(database)).toBe('postgresql://***@localhost/capstan');
});

test("MLflow's variables for webhooks are taken, and Capstan's own win over them", async () => {
  const env = { ...noFile, MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http, https', MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true' };
  const { config, origins } = await loadConfig({ flags: {}, env, cwd });
  expect(config).toMatchObject({ webhookSchemes: ['http', 'https'], webhookPrivateTargets: true });
  const from = Object.fromEntries(origins.map((origin) => [origin.name, origin.from]));
  expect(from).toMatchObject({ webhookSchemes: 'MLFLOW_WEBHOOK_ALLOWED_SCHEMES' });
  const own = await loadConfig({ flags: {}, env: { ...env, CAPSTAN_WEBHOOK_PRIVATE_TARGETS: 'false' }, cwd });
  expect(own.config.webhookPrivateTargets).toBe(false);
  const wrong = { ...noFile, CAPSTAN_OUTBOUND_TARGETS: 'ci.internal' };
  await expect(loadConfig({ flags: {}, env: wrong, cwd })).rejects.toThrow('HOST:PORT');
});

test('the key of secrets is never shown', async () => {
  const env = { ...noFile, CAPSTAN_SECRET_KEY: 'a long enough secret' };
  const { origins } = await loadConfig({ flags: {}, env, cwd });
  const key = origins.find((origin) => origin.name === 'secretKey');
  expect(key && displayValue(key)).toBe('***');
});
