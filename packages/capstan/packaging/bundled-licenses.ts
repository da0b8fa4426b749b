import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const PACKAGE_FOLDER = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;

/** Writes THIRD-PARTY-LICENSES: the terms of every package that has code in a chunk, which ask to go where the code goes. */
export function bundledLicenses(): Plugin {
  return {
    name: 'capstan-bundled-licenses',
    generateBundle(_options, bundle) {
      const folders = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        for (const id of chunk.moduleIds) {
          const folder = PACKAGE_FOLDER.exec(id.replace(/^\0/, ''))?.[0];
          if (folder !== undefined) folders.add(folder);
        }
      }
      const source = [...folders]
        .toSorted()
        .map(termsOf)
        .join(`\n${'-'.repeat(80)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENSES', source });
    },
  };
}

/** @throws Error for a package without a file of its terms: such a one cannot be bundled */
function termsOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} has no license file: leave it among the dependencies`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
