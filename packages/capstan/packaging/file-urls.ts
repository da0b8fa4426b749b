import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Plugin } from 'vite';

/** `new URL('./x.ts', import.meta.url)`: how the sources name a file that is not imported. */
const FILE_URL = /new URL\(\s*(['"])(\.\.?\/[^'"]+)\1\s*,\s*import\.meta\.url\s*\)/g;

/** Stands for a file's name until all names are known. */
const PLACE = '__CAPSTAN_FILE_';
const NAMED_PLACE = new RegExp(`${PLACE}([\\w$-]+)`, 'g');

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
        return `new URL(${PLACE}${reference}, import.meta.url)`;
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
    // Beside the file that names it, wherever the package is installed; Vite's own answer is a path of a web server.
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !chunk.code.includes(PLACE)) continue;
        chunk.code = chunk.code.replaceAll(NAMED_PLACE, (_, reference: string) =>
          JSON.stringify(`./${this.getFileName(reference)}`),
        );
      }
    },
  };
}
