import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FileList } from '../model.ts';
import { folderChanges } from './model.ts';

const listOf = (files: ReadonlyMap<string, number>): FileList => {
  const paths = [...files.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return { paths, sizes: [], digests: Buffer.concat(paths.map((path) => Buffer.alloc(16, files.get(path)))) };
};

test('files of a folder are added, modified or deleted, whatever their names', () => {
  const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '\uFF5E', '\u{1F600}'), minLength: 1 });
  const folder = fc.dictionary(path, fc.nat(3)).map((files) => new Map(Object.entries(files)));
  fc.assert(
    fc.property(folder, folder, (before, now) => {
      const changes = folderChanges(listOf(before), listOf(now));
      const sorted = (paths: readonly string[]): string[] =>
        listOf(new Map(paths.map((each) => [each, 0]))).paths.slice();
      expect(changes).toEqual({
        added: sorted([...now.keys()].filter((each) => !before.has(each))),
        modified: sorted([...now.keys()].filter((each) => before.has(each) && before.get(each) !== now.get(each))),
        deleted: sorted([...before.keys()].filter((each) => !now.has(each))),
      });
    }),
  );
});
