import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Plugin } from 'vite';

/** `new URL('./x.ts', import.meta.url)`: how the sources name a file that is not imported. */
const FILE_URL = /new URL\(\s*(['"])(\.\.?\/[^'"]+)\1\s*,\s*import\.meta\.url\s*\)/g;

/**
 * Follows file URLs as imports are followed: a TypeScript file named so is the entry of a child process and becomes a
 * chunk of its own, any other file is carried along. So nobody keeps a list of entries.
 */
export function fileUrls(): Plugin {
  return {
    name: 'capstan-file-urls',
    transform(code, id) {
      if (id.includes('/node_modules/') || !code.includes('import.meta.url')) return null;
      const replaced = code.replaceAll(FILE_URL, (_, _quote: string, path: string) => {
        const file = resolve(dirname(id), path);
        const reference = file.endsWith('.ts')
          ? this.emitFile({ type: 'chunk', id: file, name: basename(file, '.ts') })
          : this.emitFile({ type: 'asset', name: basename(file), source: readFileSync(file) });
        return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}
