// Python with the clients that tests/clients/requirements.txt pins, run as their users run them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import {
  ensureBenchPython,
  ensureClientPython,
  ensureDvc,
  ensureKserve,
  ensureNextClientPython,
  ensureRay,
  type BenchPeers,
} from '../../tools/tasks/ensure-python.ts';

export interface PythonOutput {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Takes minutes once, where `npm test` has not made the environment before (it is kept under .runtime). */
export async function findClientPython(): Promise<string> {
  const python = process.env['TEST_PYTHON'] ?? (await ensureClientPython());
  if (python === null) throw new Error('tests/clients/requirements.txt is missing');
  return python;
}

/** The same with the newer versions of requirements-next.txt. */
export async function findNextClientPython(): Promise<string> {
  return await ensureNextClientPython(await findClientPython());
}

/** The real `dvc`. */
export async function findDvc(): Promise<string> {
  return process.env['TEST_DVC'] ?? (await ensureDvc());
}

/** Python with KServe's clients, tritonclient, and clients of gRPC's health and reflection. */
export async function findKserve(): Promise<string> {
  return process.env['TEST_KSERVE'] ?? (await ensureKserve());
}

/** Folder of programs with the real `ray` and its `python3`. */
export async function findRay(): Promise<string> {
  return process.env['TEST_RAY'] ?? (await ensureRay());
}

/** Python with the peers that a benchmark is run beside: bench/requirements-NAME.txt. */
export async function findBenchPython(peers: BenchPeers): Promise<string> {
  return process.env[`TEST_${peers.toUpperCase()}`] ?? (await ensureBenchPython(peers));
}

/**
 * Runs a script of the clients' Python. It gets `env`, PATH, and `folder` as HOME and working folder; nothing of this
 * process's own settings reaches it.
 */
export async function runPython(
  python: string,
  args: readonly string[],
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
): Promise<PythonOutput> {
  const child = spawn(python, args, {
    cwd: folder,
    env: { PATH: [dirname(python), process.env['PATH']].join(delimiter), HOME: folder, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}
