import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from './fingerprint.ts';
import { root, runPackage, runtimeFolder, say } from './shell.ts';

/** Everything the built interface is made from. */
const interfaceSources = [
  'packages/ui/index.html',
  'packages/ui/package.json',
  'packages/ui/public',
  'packages/ui/src',
  'packages/ui/vite.config.ts',
  'packages/api/src',
  'packages/client/src',
  'package-lock.json',
];

/** Builds the interface into packages/ui/dist when its sources have changed since. Returns the exit code. */
export async function buildInterface(): Promise<number> {
  const stamp = join(runtimeFolder, 'interface-built');
  const wanted = fingerprint(interfaceSources);
  const isBuilt = existsSync(join(root, 'packages', 'ui', 'dist', 'index.html'));
  if (isBuilt && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 0;
  say('building the interface ...');
  const code = await runPackage(
    import.meta.resolve('vite/package.json'),
    'bin/vite.js',
    ['build', '--logLevel', 'warn'],
    {
      cwd: join(root, 'packages/ui'),
    },
  );
  if (code === 0) {
    mkdirSync(runtimeFolder, { recursive: true });
    writeFileSync(stamp, wanted);
  }
  return code;
}

/** Builds what is published: the interface, and the program with it in packages/capstan/dist. */
export async function build(): Promise<number> {
  const code = await buildInterface();
  if (code !== 0) return code;
  say('building the program ...');
  return await runPackage(import.meta.resolve('vite/package.json'), 'bin/vite.js', ['build', '--logLevel', 'warn'], {
    cwd: join(root, 'packages/capstan'),
  });
}
