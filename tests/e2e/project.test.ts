// The example as its user has it: declared, its data taken in or refused, by commands alone.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const example = fileURLToPath(new URL('../../examples/flight-delays', import.meta.url));
const folder = join(emptyFolder(), 'flight-delays');
const file = join(folder, 'capstan.yaml');
let server: RunningServer;

beforeAll(async () => {
  cpSync(example, folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.parquet') || /2013-01|weather/.test(path),
  });
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

const json = async (...args: string[]) => JSON.parse((await capstan([...args, '--json'], server.url)).out) as unknown;

test('a dry run shows what would be and changes nothing', async () => {
  const { code, out } = await capstan(['apply', '--file', file, '--dry-run'], server.url);
  expect(code).toBe(0);
  expect(out).toContain('flight-delays: would be created as revision 1');
  expect(out).toContain('+ charter.value.currency: USD');
  const { code: found } = await capstan(['datasets', 'list', 'flight-delays'], server.url);
  expect(found).toBe(3);
});

test('applying twice is one revision; a change shows what was before', async () => {
  expect(await json('apply', '--file', file)).toMatchObject({ schema: 'capstan/apply.v1', revision: 1, isNew: true });
  expect((await capstan(['apply', '--file', file], server.url)).out).toBe(
    'flight-delays: nothing to change (revision 1)\n',
  );
  writeFileSync(file, readFileSync(file, 'utf8').replace('min_labels: 5000', 'min_labels: 4000'));
  const { out } = await capstan(['apply', '--file', file], server.url);
  expect(out).toContain('flight-delays: changed as revision 2');
  expect(out).toContain('~ retrain.min_labels: 5000 → 4000');
});

test('a mistake is named with its line and the nearest key, and changes nothing', async () => {
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, readFileSync(file, 'utf8').replace('pipeline:', 'pipline:'));
  const { code, err } = await capstan(['apply', '--file', wrong], server.url);
  expect(code).toBe(2);
  expect(err).toMatch(/capstan\.yaml:\d+:\d+: pipline: unknown key; did you mean 'pipeline'\?/);
  expect(await json('apply', '--file', file)).toMatchObject({ revision: 2, changes: [] });
});

test('a file that is not there is said with the way out', async () => {
  const { code, err } = await capstan(['apply', '--file', join(folder, 'none.yaml')], server.url);
  expect(code).toBe(3);
  expect(err).toContain('--file');
});

test('data that keep the rules are accepted; those that do not go into quarantine, with code 10', async () => {
  for (const dataset of ['airlines', 'flights']) {
    expect(await json('datasets', 'register', 'flight-delays', dataset)).toMatchObject({ status: 'accepted' });
  }
  const rules = join(folder, 'expectations', 'flights.yaml');
  writeFileSync(rules, readFileSync(rules, 'utf8').replace('[EWR, JFK, LGA]', '[EWR, JFK]'));
  cpSync(join(example, 'data/flights/2013-02.parquet'), join(folder, 'data/flights/2013-02.parquet'));
  const { code, out } = await capstan(['datasets', 'register', 'flight-delays', 'flights'], server.url);
  expect(code).toBe(10);
  expect(out).toMatch(/quarantined, 51955 rows in 2 files/);
  expect(out).toMatch(/domain\s+origin\s+error\s+one of EWR, JFK/);
  const { out: list } = await capstan(['datasets', 'list', 'flight-delays'], server.url);
  expect(list).toMatch(/flights\s+data\/flights\/\*\.parquet\s+2\s+dv_\w+\s+quarantined/);
});

test('turns: none yet, and one cannot be had from data in quarantine', async () => {
  expect(await json('cycles', 'list', 'flight-delays')).toMatchObject({ cycles: [] });
  const { code, err } = await capstan(['cycles', 'start', 'flight-delays', '--reason', 'a test'], server.url);
  expect(code).toBe(5);
  expect(err).toMatch(/quarantine/);
});

test('deploying what is not there is said', async () => {
  const { code, err } = await capstan(['deploy', 'late-arrival'], server.url);
  expect(code).toBe(3);
  expect(err).toContain('late-arrival');
});
