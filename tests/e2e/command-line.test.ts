// What scripts rely on: ready line, exit codes, JSON, messages that say how to go on.
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { capstan, emptyFolder, startServer, startServing } from '../support/server.ts';

describe('capstan up', () => {
  test('answers, stops on TERM with code 0 and lets the data go', async () => {
    const first = await startServer();
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    expect(await first.stop()).toBe(0);
    const second = await startServer([], first.data);
    expect(await second.stop()).toBe(0);
  });

  test('refuses a data directory in use, naming the holder', async () => {
    const holder = await startServer();
    await expect(startServer([], holder.data)).rejects.toThrow(`process ${holder.pid}`);
    await holder.stop();
  });

  test('refuses a taken port with code 5 and the way out', async () => {
    const server = await startServer();
    const { code, err } = await capstan(['up', '--port', new URL(server.url).port, '--data', emptyFolder()]);
    await server.stop();
    expect(code).toBe(5);
    expect(err).toContain('taken');
    expect(err).toContain('choose another port');
  });

  test('refuses an address others can reach while there is no login', async () => {
    const { code, err } = await capstan(['up', '--host', '0.0.0.0', '--data', emptyFolder()]);
    expect(code).toBe(2);
    expect(err).toContain('no authentication');
  });
});

describe('capstan serve', () => {
  test('ends by itself on TERM while its input stays open', async () => {
    const control = await startServer(['--no-serving']);
    const serving = await startServing(control.url);
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
    expect(await serving.stop()).toBe(0);
    await control.stop();
  });

  test('ends when whoever holds its input is gone', async () => {
    const control = await startServer(['--no-serving']);
    const serving = await startServing(control.url);
    expect(await serving.letGo()).toBe(0);
    await control.stop();
  });
});

describe('capstan audit verify', () => {
  test('passes, and names the row when one is edited', async () => {
    const server = await startServer();
    expect(await capstan(['audit', 'verify'], server.url)).toMatchObject({ code: 0 });
    await server.stop();
    const file = new DatabaseSync(join(server.data, 'capstan.db'));
    file.exec(`update events set actor = 'nobody' where seq = 1`);
    file.close();
    const again = await startServer([], server.data);
    const { code, out } = await capstan(['audit', 'verify', '--json'], again.url);
    await again.stop();
    expect(code).toBe(10);
    expect(JSON.parse(out)).toMatchObject({ schema: 'capstan/audit-verify.v1', ok: false, broken: { seq: 1 } });
  });
});

describe('words and codes', () => {
  test.each([
    ['no command shows help', [], 2, 'Usage: capstan'],
    ['a typo gets a suggestion', ['stauts'], 2, 'Did you mean status?'],
    ['an unknown flag is usage', ['up', '--prot', '1'], 2, '--port'],
    ['a bad value names the flag', ['up', '--port', 'x'], 2, '--port'],
    ['the version of a model is not that of the program', ['deploy', 'm', '--version', 'x'], 2, 'whole number'],
  ])('%s', async (_, args, code, words) => {
    const result = await capstan(args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(words);
  });

  test('an unreachable server is code 6 and says how to start one', async () => {
    const { code, err } = await capstan(['status'], 'http://127.0.0.1:9');
    expect(code).toBe(6);
    expect(err).toContain('capstan up');
  });

  test('settings say where they come from', async () => {
    const { code, out } = await capstan(['config', 'show', '--origin']);
    expect(code).toBe(0);
    expect(out).toMatch(/port\s+5050\s+default/);
  });
});
