// What a user's machine has: its own Node.js and npm, not those that run the tests.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const runtime = join(root, '.runtime');

/** PATH without the Node.js that the launcher brought; the running one where the host has no other. */
function hostPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const host = folders.filter((folder) => !folder.startsWith(runtime) && !folder.includes('node_modules'));
  return host.some((folder) => existsSync(join(folder, 'node'))) ? host.join(delimiter) : folders.join(delimiter);
}

/** An environment without anything of this run, npm's own variables among it. */
export function hostEnvironment(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|TEST_|NODE_|CAPSTAN_)/i.test(name));
  return { ...Object.fromEntries(env), PATH: hostPath() };
}

/** A cache folder in which the Node.js that this checkout has brought counts as brought. */
export function cacheWithNode(): string {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-cache-'));
  mkdirSync(runtime, { recursive: true });
  symlinkSync(runtime, join(folder, 'capstan'));
  return folder;
}

/** Runs the host's npm and returns what it printed on stdout. @throws Error with its stderr when it fails */
export function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, {
    cwd,
    env: hostEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
