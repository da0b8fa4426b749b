import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listingPieces, readListing, readListingColumns, writeListing } from './folder-listing.ts';
import { byCodePoint } from '../text/python-text.ts';

const MD5 = 'b1946ac92492d2347c6235b4d2611184';

describe('the object of a folder', () => {
  it('is written byte for byte as dvc does', () => {
    const text = writeListing([
      { path: 'ü "q".txt', md5: '9dd4e461268c8034f5c8564e155c67a6' },
      { path: 'a', md5: MD5 },
    ]);
    expect(text).toBe(
      `[{"md5": "${MD5}", "relpath": "a"}, {"md5": "9dd4e461268c8034f5c8564e155c67a6", "relpath": "\\u00fc \\"q\\".txt"}]`,
    );
    expect(hash('md5', writeListing([]))).toBe('d751713988987e9331980363e24189ce');
  });

  it('is read back as it was written', () => {
    const step = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((each) => !/[/\0]/.test(each) && !/^\.{1,2}$/.test(each));
    const path = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('/'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 6 }), (paths) => {
        const isFolder = (each: string) => paths.some((other) => other.startsWith(`${each}/`));
        const files = paths.filter((each) => !isFolder(each)).map((each) => ({ path: each, md5: MD5 }));
        expect(readListing(writeListing(files), 'x.dir')).toEqual(
          files.toSorted((a, b) => byCodePoint(a.path, b.path)),
        );
      }),
    );
  });

  it('is read in pieces where it is long, whatever the names hold', () => {
    const paths = Array.from({ length: 30_000 }, (_, index) => `d/${String(index).padStart(6, '0')}"}, {"md5": "é`);
    const bytes = Buffer.from(writeListing(paths.map((path) => ({ path, md5: MD5 }))));
    expect(bytes.length).toBeGreaterThan(2 << 20);
    const read = readListingColumns([bytes], 'x.dir');
    expect(read.paths).toEqual(paths);
    expect(read.digests.equals(Buffer.from(MD5.repeat(paths.length), 'hex'))).toBe(true);
    expect([...listingPieces(read.paths, () => MD5)].join('')).toBe(bytes.toString());
    const reversed = `[${[...paths]
      .reverse()
      .map((path) => JSON.stringify({ relpath: path, md5: MD5 }))
      .join(',')}]`;
    expect(readListingColumns([Buffer.from(reversed)], 'x.dir').paths).toEqual(paths);
    expect(() => readListing(bytes.subarray(0, -1), 'x.dir')).toThrow('x.dir is no list of files');
  });

  const entry = (path: unknown, md5: unknown = MD5) => JSON.stringify([{ md5, relpath: path }]);
  it.each([
    ['no JSON', 'x'],
    ['no list', '{}'],
    ['null', 'null'],
    ['no entries', '[1, null]'],
    ['an entry that is null', '[null]'],
    ['a path above the folder', entry('../x')],
    ['a path that goes up', entry('a/../../x')],
    ['an absolute path', entry('/etc/passwd')],
    ['an empty path', entry('')],
    ['an empty step', entry('a//b')],
    ['a folder as a file', entry('a/')],
    ['the folder itself', entry('.')],
    ['a NUL', entry('a\0b')],
    ['a path that is no text', entry(1)],
    ['no hash', entry('a', '../../x')],
    ['the hash of a folder', entry('a', `${MD5}.dir`)],
    ['a hash that is no text', entry('a', null)],
    ['a path twice', `[{"md5": "${MD5}", "relpath": "a"}, {"md5": "${MD5}", "relpath": "a"}]`],
    ['a file that is a folder too', `[{"md5": "${MD5}", "relpath": "a/b/c"}, {"md5": "${MD5}", "relpath": "a/b"}]`],
  ])('is refused with %s', (_what, text) => {
    expect(() => readListing(text, 'ab.dir')).toThrow(/^ab\.dir(?:: entry \d+)?(?:: | is no list)/);
  });
});

describe('the order of paths', () => {
  it('is that of code points', () => {
    const points = (text: string) => Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
    const reference = (a: string, b: string) => {
      const [left, right] = [points(a), points(b)];
      const at = left.findIndex((point, index) => point !== right[index]);
      if (at < 0) return left.length - right.length;
      return right[at] === undefined ? 1 : (left[at] ?? 0) - right[at];
    };
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\ue000', '\uff5e', '\u{1f600}', '\u{10000}') });
    fc.assert(fc.property(text, text, (a, b) => Math.sign(byCodePoint(a, b)) === Math.sign(reference(a, b))));
  });
});
