import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findOnPath, installDebianPackages } from './ensure-system.ts';
import { root, run, runtimeFolder, say } from './shell.ts';

const INSTEAD = 'Install Python 3.9 or newer with its venv module.';

/** Requirements of the real clients that tests/clients runs. */
const clientRequirements = join(root, 'tests', 'clients', 'requirements.txt');
/** Newer versions of a few of them, which run on the packages of the others. */
const nextRequirements = join(root, 'tests', 'clients', 'requirements-next.txt');
/** The real dvc, whose packages do not fit with those of the others. */
const dvcRequirements = join(root, 'tests', 'clients', 'requirements-dvc.txt');
const kserveRequirements = join(root, 'tests', 'clients', 'requirements-kserve.txt');
const rayRequirements = join(root, 'tests', 'clients', 'requirements-ray.txt');
/** What a benchmark is run beside: bench/requirements-NAME.txt. */
export type BenchPeers = 'expectations' | 'orchestrators' | 'serving';

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
  return await ensureEnvironment(`python-${hashOf(clientRequirements)}`, async (python) => {
    say('making the Python environment of the client tests (minutes, once) ...');
    return await installAll(python, clientRequirements);
  });
}

/**
 * Python with those of tests/clients/requirements-next.txt before the packages of `base`. Returns its path.
 * @throws Error when it cannot be made
 */
export async function ensureNextClientPython(base: string): Promise<string> {
  const baseHash = createHash('sha256').update(base).digest('hex').slice(0, 8);
  return await ensureEnvironment(`python-next-${hashOf(nextRequirements)}-${baseHash}`, async (python) => {
    // A .pth file's folder is searched behind the environment's own.
    writeFileSync(join(packagesOf(python), 'base.pth'), `${packagesOf(base)}\n`);
    return await pip(python, ['--no-deps', '-r', nextRequirements]);
  });
}

/** Path of the real `dvc`, made once per content of tests/clients/requirements-dvc.txt. @throws Error when it cannot be */
export async function ensureDvc(): Promise<string> {
  const python = await ensureEnvironment(`dvc-${hashOf(dvcRequirements)}`, async (made) => {
    say('making the Python environment of dvc (a minute, once) ...');
    return await installAll(made, dvcRequirements);
  });
  return join(dirname(python), 'dvc');
}

/** Folder of programs with the real `ray`, made once per content of tests/clients/requirements-ray.txt. @throws Error when it cannot be */
export async function ensureRay(): Promise<string> {
  const python = await ensureEnvironment(`ray-${hashOf(rayRequirements)}`, async (made) => {
    say('making the Python environment of Ray (a minute, once) ...');
    return await installAll(made, rayRequirements);
  });
  return dirname(python);
}

/** Python with KServe's clients, made once per content of tests/clients/requirements-kserve.txt. @throws Error when it cannot be */
export async function ensureKserve(): Promise<string> {
  return await ensureEnvironment(`kserve-${hashOf(kserveRequirements)}`, async (python) => {
    say('making the Python environment of KServe (a minute, once) ...');
    return await installAll(python, kserveRequirements);
  });
}

/** Python with the peers of a benchmark, made once per content of their requirements. @throws Error when it cannot be made */
export async function ensureBenchPython(peers: BenchPeers): Promise<string> {
  const requirements = join(root, 'bench', `requirements-${peers}.txt`);
  return await ensureEnvironment(`${peers}-${hashOf(requirements)}`, async (python) => {
    say(`making the Python environment of bench/requirements-${peers}.txt (a minute, once) ...`);
    return await installAll(python, requirements);
  });
}

/** The folder that an environment's packages are in. */
function packagesOf(python: string): string {
  const lib = join(dirname(dirname(python)), 'lib');
  const version = readdirSync(lib).find((name) => name.startsWith('python3'));
  if (version === undefined) throw new Error(`no packages of Python 3 under ${lib}`);
  return join(lib, version, 'site-packages');
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
}

async function ensureEnvironment(name: string, install: (python: string) => Promise<boolean>): Promise<string> {
  const folder = join(runtimeFolder, name);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete');
  if (existsSync(stamp)) return python;

  await ensurePythonVenv();
  // A half-made one has no stamp.
  rmSync(folder, { recursive: true, force: true });
  if ((await run('python3', ['-m', 'venv', folder])) !== 0)
    throw new Error('python3 -m venv failed: see the lines above');
  if (!(await install(python))) throw new Error(`could not install the packages of ${name}: see the lines above`);
  writeFileSync(stamp, '');
  return python;
}

/** uv resolves and installs several times faster, but does not read pip's settings: where it fails, pip does it. */
async function installAll(python: string, requirements: string): Promise<boolean> {
  const args = ['-m', 'uv', 'pip', 'install', '--quiet', '--python', python, '-r', requirements];
  if ((await pip(python, ['uv'])) && (await run(python, args, { env: { UV_SYSTEM_CERTS: '1' } })) === 0) return true;
  say('uv could not install the packages, trying pip ...');
  return await pip(python, ['-r', requirements]);
}

async function pip(python: string, args: readonly string[]): Promise<boolean> {
  return (await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...args])) === 0;
}
