import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './ensure-system.ts';
import { run, runtimeFolder, say } from './shell.ts';

const VERSITYGW = 'v1.8.0';
const SSHD = '/usr/sbin/sshd';

/**
 * Path of versitygw, an S3 server over a folder: `TEST_VERSITYGW`, or built once by Go.
 * @throws Error naming the way out
 */
export async function ensureVersitygw(): Promise<string> {
  const given = process.env['TEST_VERSITYGW'] ?? findOnPath('versitygw');
  if (given !== null) return given;
  const folder = join(runtimeFolder, `versitygw-${VERSITYGW}`);
  const program = join(folder, 'versitygw');
  if (existsSync(program)) return program;
  if (findOnPath('go') === null)
    throw new Error('there is no Go to build versitygw with, and TEST_VERSITYGW is not set');
  say('building versitygw, an S3 server (minutes, once) ...');
  const source = `github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`;
  if ((await run('go', ['install', source], { env: { GOBIN: folder } })) === 0) return program;
  throw new Error('Go could not build versitygw: see the lines above');
}

/**
 * Path of OpenSSH's server: `TEST_SSHD`, or the system's. A server that listens to others is nothing to install unasked.
 * @throws Error naming the way out
 */
export function findSshd(): string {
  const found = process.env['TEST_SSHD'] ?? findOnPath('sshd') ?? (existsSync(SSHD) ? SSHD : null);
  if (found !== null) return found;
  throw new Error('OpenSSH’s server is not installed (Debian: openssh-server), and TEST_SSHD is not set');
}
