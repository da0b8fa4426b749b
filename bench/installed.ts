// The built program as a tarball unpacks it, with the packages it depends on.
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const workspace = join(root, 'packages', 'capstan');

/** Puts it into a folder. Returns what starts it. @throws where nothing was built */
export function installInto(folder: string): string {
  if (!existsSync(join(workspace, 'dist', 'main.js'))) throw new Error('There is no built program: npm run build');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(workspace, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin', 'capstan.mjs');
}
