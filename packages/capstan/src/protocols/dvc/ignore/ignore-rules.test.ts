import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rootIgnoreRules, type IgnoreRules } from '../index.ts';

interface Vectors {
  /** Path → whether it is a folder. */
  readonly paths: Readonly<Record<string, boolean>>;
  /** Text of `.dvcignore` by folder, and for each path whether dvc ignores it, as 1 or 0. */
  readonly cases: readonly { readonly files: Readonly<Record<string, string>>; readonly ignored: string }[];
}

const vectors = JSON.parse(readFileSync(new URL('../golden/ignore-rules.json', import.meta.url), 'utf8')) as Vectors;
const paths = Object.entries(vectors.paths);

/** The rules of the folder that a path lies in. */
function rulesAt(path: string, files: Readonly<Record<string, string>>): IgnoreRules {
  const folders = path.split('/').slice(0, -1);
  let rules = rootIgnoreRules().inFolder('', files['']);
  for (let depth = 1; depth <= folders.length; depth++) {
    const folder = folders.slice(0, depth).join('/');
    rules = rules.inFolder(folder, files[folder]);
  }
  return rules;
}

function rulesOf(text: string): IgnoreRules {
  return rootIgnoreRules().inFolder('', text);
}

describe('what is ignored', () => {
  it.each(vectors.cases)('is what dvc ignores: $files', ({ files, ignored }) => {
    const found = paths.filter(([path, isFolder]) => rulesAt(path, files).isIgnored(path, isFolder));
    expect(found).toEqual(paths.filter((_path, index) => ignored[index] === '1'));
  });

  it('is nothing but the folders of dvc, Git and Mercurial where there are no patterns', () => {
    const rules = rootIgnoreRules();
    const isIgnored = (path: string, isFolder = false) => rules.isIgnored(path, isFolder);
    expect(['.git', 'a/.git', '.git/config', 'a/.dvc/cache/x'].map((path) => isIgnored(path))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['.dvc', '.hg', 'a/.hg'].map((path) => isIgnored(path, true))).toEqual([true, true, true]);
    expect(['', '.dvc', 'a', '.gitx', 'a.git', 'a/.dvcignore'].map((path) => isIgnored(path))).toEqual(
      Array(6).fill(false),
    );
    expect(rules.inFolder('a', undefined)).toBe(rules);
    expect(rules.inFolder('a', '\n# only this\n')).toBe(rules);
  });

  it('does not hang on stars', () => {
    const rules = rulesOf(`${'a*'.repeat(60)}b\n${'**/a*'.repeat(20)}/b\n`);
    // As long as a path can be on Linux.
    expect(rules.isIgnored(`${'a'.repeat(200)}c${'/a'.repeat(150)}/${'a'.repeat(3500)}`, false)).toBe(false);
  });

  it('has an answer for any pattern and path', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[ab*?/![\]\\.-]{0,9}$/));
    fc.assert(
      fc.property(fc.array(text), text, fc.boolean(), (lines, path, isFolder) => {
        const rules = rulesOf(lines.join('\n')).inFolder('a', lines.join('\n'));
        const isIgnored = rules.isIgnored(path, isFolder);
        // The answer does not depend on what was asked before.
        rules.isIgnored('a/b/c', true);
        expect(rules.isIgnored(path, isFolder)).toBe(isIgnored);
        if (isFolder && isIgnored) expect(rules.isIgnored(`${path}/below`, false)).toBe(true);
      }),
    );
  });
});
