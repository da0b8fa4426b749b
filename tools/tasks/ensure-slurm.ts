import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './ensure-system.ts';
import { run, runtimeFolder, say } from './shell.ts';

const PACKAGES = ['slurmctld', 'slurmd', 'slurm-client', 'munge'];
/** The release whose Slurm (22.05) the tests are known to start. */
const RELEASE = 'bookworm';
const CONTROLLER = 'usr/sbin/slurmctld-wlm';

/**
 * Folder in which Slurm's and MUNGE's programs and libraries lie as under `/`: `TEST_SLURM`, the system's own, or packages
 * of Debian, unpacked once beside the tests. Nothing is installed: daemons of a cluster are nothing to have unasked.
 * @throws Error naming the way out
 */
export async function ensureSlurm(): Promise<string> {
  const given = process.env['TEST_SLURM'];
  if (given !== undefined) return given;
  if (existsSync(join('/', CONTROLLER)) && findOnPath('munged') !== null && findOnPath('sbatch') !== null) return '/';
  const folder = join(runtimeFolder, `slurm-${RELEASE}`);
  if (existsSync(join(folder, CONTROLLER))) return folder;
  const isKnown = existsSync('/etc/os-release') && readFileSync('/etc/os-release', 'utf8').includes(RELEASE);
  if (!isKnown || findOnPath('apt-get') === null) throw new Error('there is no Slurm, and this is not Debian 12');
  say(`unpacking Slurm from Debian's ${PACKAGES.join(', ')} ...`);
  mkdirSync(runtimeFolder, { recursive: true });
  const work = mkdtempSync(join(runtimeFolder, 'slurm-new-'));
  try {
    if (!(await download(work)))
      throw new Error('Debian’s packages of Slurm could not be had, and TEST_SLURM is not set');
    for (const file of globSync('*.deb', { cwd: work })) {
      if ((await run('dpkg-deb', ['-x', file, 'root'], { cwd: work })) !== 0) throw new Error(`${file} is damaged`);
    }
    renameSync(join(work, 'root'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** Downloads the packages and what they need beyond what is installed; a list that is too old is refreshed. */
async function download(folder: string): Promise<boolean> {
  if (await downloadByList(folder)) return true;
  return (await run('apt-get', ['update', '-qq'])) === 0 && (await downloadByList(folder));
}

async function downloadByList(folder: string): Promise<boolean> {
  const plan = spawnSync('apt-get', ['install', '--simulate', '--no-install-recommends', ...PACKAGES], {
    encoding: 'utf8',
  });
  const names = [...(plan.stdout ?? '').matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  return names.length > 0 && (await run('apt-get', ['download', '-qq', ...names], { cwd: folder })) === 0;
}
