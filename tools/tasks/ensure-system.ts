import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './shell.ts';

/** Full path of a program on PATH, or null. */
export function findOnPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

let isListFresh = false;

/**
 * Installs Debian packages, where this process may.
 * @param instead what a person can do where it may not
 * @throws Error with `instead` when this is no Debian, the user is not root, or the installation fails
 */
export async function installDebianPackages(names: readonly string[], instead: string): Promise<void> {
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && findOnPath('apt-get') !== null;
  if (!mayInstall) throw new Error(instead);
  say(`installing ${names.join(', ')} from Debian ...`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!isListFresh) {
    // A list that cannot be refreshed may still do.
    await run('apt-get', ['update', '-qq'], { env });
    isListFresh = true;
  }
  const code = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
  if (code !== 0) throw new Error(`apt-get could not install ${names.join(', ')}. ${instead}`);
}
