import { cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const built = fileURLToPath(new URL('../../ui/dist', import.meta.url));

/** Puts the built interface beside the program, where app.ts looks for it in an installed package. */
export function builtInterface(target: string): Plugin {
  return {
    name: 'capstan-built-interface',
    buildStart() {
      if (!existsSync(`${built}/index.html`))
        this.error('The interface is not built: use `npm run build` at the root.');
    },
    closeBundle() {
      cpSync(built, target, { recursive: true });
    },
  };
}
