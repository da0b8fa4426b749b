import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deepestNesting, everyPackage } from '../../tools/lint/import-rules.ts';
import { layers, testPackages, vendors } from '../../tools/lint/layers.ts';
import { root } from './run-oxlint.ts';

const source = join(root, 'packages/capstan/src');

/** Source files, relative to packages/capstan/src, with `/` on every platform. */
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => file.endsWith('.ts'));

function layerOf(file: string): string | undefined {
  return layers.find(({ folder }) =>
    folder.endsWith('/*')
      ? file.startsWith(folder.slice(0, -1)) && file.split('/').length > 2
      : file.startsWith(`${folder}/`),
  )?.folder;
}

describe('the list of layers is whole', () => {
  test('every source file in a folder but what a wing’s tests share belongs to a layer, or the rules would not see it', () => {
    const shared = /^[a-z]+\/[a-z-]*testing[a-z-]*\.ts$/;
    expect(files.filter((file) => file.includes('/') && layerOf(file) === undefined && !shared.test(file))).toEqual([]);
  });

  test('no file lies deeper than the rules reach', () => {
    const tooDeep = files.filter((file) => {
      const layer = layerOf(file);
      return layer !== undefined && file.split('/').length - layer.split('/').length - 1 > deepestNesting;
    });
    expect(tooDeep).toEqual([]);
  });

  test('every package of the product has a place', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'packages/capstan/package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies).filter((name) => !(name in vendors))).toEqual([]);
    expect([...Object.keys(vendors), ...testPackages].filter((name) => !everyPackage().includes(name))).toEqual([]);
  });

  test('no comment switches a rule off', () => {
    const folders = ['packages', 'tools', 'tests', 'bench'].filter((folder) => existsSync(join(root, folder)));
    // In two parts, so that this file does not find itself.
    const words = ['oxlint', 'eslint'].map((name) => `${name}-${'disable'}`);
    const switchedOff = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !/(^|[\\/])(node_modules|dist)[\\/]/.test(file))
        .map((file) => join(root, folder, file))
        .filter((file) => {
          const text = readFileSync(file, 'utf8');
          return words.some((word) => text.includes(word));
        }),
    );
    expect(switchedOff).toEqual([]);
  });
});
