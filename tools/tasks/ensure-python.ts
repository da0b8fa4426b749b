import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, installDebianPackages } from './ensure-system.ts';
import { root, run, runtimeFolder, say } from './shell.ts';

const INSTEAD = 'Install Python 3.9 or newer with its venv module.';

/** Requirements of the real clients that tests/clients runs. */
const clientRequirements = join(root, 'tests', 'clients', 'requirements.txt');

/** Makes sure that `python3 -m venv` works: Debian ships it apart. @throws Error naming the way out */
export async function ensurePythonVenv(): Promise<void> {
  if (findOnPath('python3') === null) await installDebianPackages(['python3', 'python3-venv'], INSTEAD);
  if (await canMakeEnvironment()) return;
  await installDebianPackages(['python3-venv'], INSTEAD);
  if (!(await canMakeEnvironment())) throw new Error(INSTEAD);
}

/** Importing venv is not enough: on Debian it is ensurepip that may be missing. */
async function canMakeEnvironment(): Promise<boolean> {
  return (await run('python3', ['-c', 'import venv, ensurepip'], { output: 'ignore' })) === 0;
}

/**
 * Python with the clients of tests/clients/requirements.txt, made once per content of that file. Returns its path, or
 * null where there are no requirements.
 * @throws Error when it cannot be made
 */
export async function ensureClientPython(): Promise<string | null> {
  if (!existsSync(clientRequirements)) return null;
  const hash = createHash('sha256').update(readFileSync(clientRequirements)).digest('hex').slice(0, 16);
  const folder = join(runtimeFolder, `python-${hash}`);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete');
  if (existsSync(stamp)) return python;

  await ensurePythonVenv();
  say('making the Python environment of the client tests (minutes, once) ...');
  // A half-made one has no stamp.
  rmSync(folder, { recursive: true, force: true });
  if ((await run('python3', ['-m', 'venv', folder])) !== 0)
    throw new Error('python3 -m venv failed: see the lines above');
  if (!(await installWithUv(python)) && (await installWithPip(python)) !== 0) {
    throw new Error(`could not install ${clientRequirements}: see the lines above`);
  }
  writeFileSync(stamp, '');
  return python;
}

/** uv resolves and installs several times faster, but does not read pip's settings: where it fails, pip does it. */
async function installWithUv(python: string): Promise<boolean> {
  if ((await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'])) !== 0) return false;
  const args = ['-m', 'uv', 'pip', 'install', '--quiet', '--python', python, '-r', clientRequirements];
  return (await run(python, args, { env: { UV_SYSTEM_CERTS: '1' } })) === 0;
}

async function installWithPip(python: string): Promise<number> {
  say('uv could not install the packages, trying pip ...');
  return await run(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    clientRequirements,
  ]);
}
