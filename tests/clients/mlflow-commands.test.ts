// The command line of an unmodified mlflow: experiments, runs, artifacts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const INSTALLATION_MS = 20 * 60_000;

let python: string;
let server: RunningServer;
let folder: string;

beforeAll(async () => {
  python = await findClientPython();
  server = await startServer();
  folder = emptyFolder();
}, INSTALLATION_MS);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

/** What `mlflow …` prints. @throws Error with what it complains of */
async function mlflow(...args: string[]): Promise<string> {
  const env = { MLFLOW_TRACKING_URI: server.url, DO_NOT_TRACK: 'true' };
  const { code, out, err } = await runPython(python, ['-m', 'mlflow', ...args], { folder, env });
  if (code !== 0) throw new Error(`mlflow ${args.join(' ')} ended with ${code}:\n${out}\n${err}`);
  return out;
}

async function newExperiment(name: string): Promise<string> {
  const said = await mlflow('experiments', 'create', '--experiment-name', name);
  return /with id (\d+)/.exec(said)?.[1] ?? said;
}

test('mlflow experiments: create, get, search, rename, delete, restore', async () => {
  const id = await newExperiment('by command');
  expect(await mlflow('experiments', 'get', '--experiment-id', id)).toContain('by command');
  await mlflow('experiments', 'rename', '--experiment-id', id, '--new-name', 'renamed');
  await mlflow('experiments', 'delete', '--experiment-id', id);
  const [active, deleted] = await Promise.all([
    mlflow('experiments', 'search'),
    mlflow('experiments', 'search', '--view', 'deleted_only'),
  ]);
  expect(active).toContain('Default');
  expect(active).not.toContain('renamed');
  expect(deleted).toContain('renamed');
  await mlflow('experiments', 'restore', '--experiment-id', id);
  expect(await mlflow('experiments', 'search')).toContain('renamed');
});

test('mlflow runs and artifacts: create, list, describe, log, download, delete, restore, csv', async () => {
  const id = await newExperiment('runs by command');
  const created = await mlflow('runs', 'create', '--experiment-id', id, '--run-name', 'läuft', '--status', 'failed');
  const run = /[0-9a-f]{32}/.exec(created)?.[0] ?? '';
  expect(JSON.parse(await mlflow('runs', 'describe', '--run-id', run))).toMatchObject({
    info: { run_id: run, run_name: 'läuft', status: 'FAILED', experiment_id: id },
  });

  mkdirSync(join(folder, 'files', 'deep'), { recursive: true });
  writeFileSync(join(folder, 'files', 'deep', 'größe.txt'), 'läuft\n');
  const files = join(folder, 'files');
  await mlflow('artifacts', 'log-artifacts', '--run-id', run, '--local-dir', files, '--artifact-path', 'kept');
  const listed = await mlflow('artifacts', 'list', '--run-id', run, '--artifact-path', 'kept');
  expect(JSON.parse(listed)).toEqual([{ path: 'kept/deep', is_dir: true }]);
  const target = join(folder, 'down');
  await mlflow('artifacts', 'download', '--run-id', run, '--artifact-path', 'kept', '--dst-path', target);
  expect(readFileSync(join(target, 'kept', 'deep', 'größe.txt'), 'utf8')).toBe('läuft\n');

  await mlflow('runs', 'delete', '--run-id', run);
  expect(await mlflow('runs', 'list', '--experiment-id', id)).not.toContain(run);
  await mlflow('runs', 'restore', '--run-id', run);
  expect(await mlflow('runs', 'list', '--experiment-id', id)).toContain(run);
  expect(await mlflow('experiments', 'csv', '--experiment-id', id)).toContain(run);
});

test('a mistake ends with the words of the server', async () => {
  await expect(mlflow('runs', 'describe', '--run-id', '0'.repeat(32))).rejects.toThrow('not found');
  await expect(mlflow('experiments', 'create', '--experiment-name', 'Default')).rejects.toThrow('already exists');
});
