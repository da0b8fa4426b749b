// The one entry of every npm script: brings what the task needs (Node.js, packages, the built interface), then runs it.
//
// Plain JavaScript without dependencies, since it runs before anything is installed. The tasks themselves live in
// tools/tasks.mjs and run on the Node.js found here.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNode, runInstead } from '../packages/capstan/bin/node-runtime.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const say = (line) => console.error(`capstan: ${line}`);

/** Installs from the lockfile when it has changed since the last install. */
function ensurePackages(env) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.capstan-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing packages from the lockfile (about half a minute) ...');
  const result = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) throw new Error('npm ci failed: see the lines above');
  writeFileSync(stamp, wanted);
}

try {
  const node = ensureNode(join(root, '.runtime'), say);
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  ensurePackages(env);
  runInstead(node, [join(root, 'tools', 'tasks.mjs'), ...process.argv.slice(2)], { cwd: root, env });
} catch (error) {
  say(error.message);
  process.exit(1);
}
