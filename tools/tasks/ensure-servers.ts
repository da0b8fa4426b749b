import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './ensure-system.ts';
import { run, runtimeFolder, say } from './shell.ts';

const VERSITYGW = 'v1.8.0';
const FAKE_GCS_SERVER = 'v1.56.1';
const AZURITE = '3.37.0';
const SSHD = '/usr/sbin/sshd';

/**
 * Path of versitygw, an S3 server over a folder: `TEST_VERSITYGW`, or built once by Go.
 * @throws Error naming the way out
 */
export async function ensureVersitygw(): Promise<string> {
  const given = process.env['TEST_VERSITYGW'] ?? findOnPath('versitygw');
  const module = { name: 'versitygw', kind: 'an S3 server', source: 'github.com/versity/versitygw/cmd/versitygw' };
  return given ?? (await builtByGo({ ...module, version: VERSITYGW, variable: 'TEST_VERSITYGW' }));
}

/**
 * Path of fake-gcs-server, which speaks as Google Cloud Storage does: `TEST_FAKE_GCS_SERVER`, or built once by Go.
 * @throws Error naming the way out
 */
export async function ensureFakeGcsServer(): Promise<string> {
  const given = process.env['TEST_FAKE_GCS_SERVER'] ?? findOnPath('fake-gcs-server');
  const module = { name: 'fake-gcs-server', kind: 'a server as Google’s', source: 'github.com/fsouza/fake-gcs-server' };
  return given ?? (await builtByGo({ ...module, version: FAKE_GCS_SERVER, variable: 'TEST_FAKE_GCS_SERVER' }));
}

interface GoProgram {
  readonly name: string;
  readonly kind: string;
  readonly source: string;
  readonly version: string;
  /** Names one that is there. */
  readonly variable: string;
}

async function builtByGo({ name, kind, source, version, variable }: GoProgram): Promise<string> {
  const folder = join(runtimeFolder, `${name}-${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  if (findOnPath('go') === null) throw new Error(`there is no Go to build ${name} with, and ${variable} is not set`);
  say(`building ${name}, ${kind} (minutes, once) ...`);
  // Not optimised, and without what debuggers read: that takes a third off the build, and tests do not notice.
  const args = ['install', '-gcflags=all=-N -l', '-ldflags=-s -w', `${source}@${version}`];
  if ((await run('go', args, { env: { GOBIN: folder } })) === 0) return program;
  throw new Error(`Go could not build ${name}: see the lines above`);
}

/**
 * Path of the blob server of Azurite, Microsoft's emulator of Azure Storage, as a program of Node.js: `TEST_AZURITE_BLOB`,
 * or brought once by npm, apart from the packages of this repository.
 * @throws Error naming the way out
 */
export async function ensureAzurite(): Promise<string> {
  const given = process.env['TEST_AZURITE_BLOB'];
  if (given !== undefined) return given;
  const folder = join(runtimeFolder, `azurite-${AZURITE}`);
  const program = join(folder, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
  const stamp = join(folder, 'complete');
  if (existsSync(stamp)) return program;
  say('bringing Azurite, a server as Azure’s (a minute, once) ...');
  mkdirSync(folder, { recursive: true });
  // npm would take the repository's own package for its root.
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', '-E', `azurite@${AZURITE}`];
  if ((await run('npm', args, { cwd: folder })) !== 0)
    throw new Error('npm could not bring Azurite: see the lines above');
  writeFileSync(stamp, '');
  return program;
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
