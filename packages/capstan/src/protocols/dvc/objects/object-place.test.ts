import { describe, expect, it } from 'vitest';
import { objectPath, runPath } from '../index.ts';

const MD5 = 'd8e8fca2dc0f896fd7cb4cb0031ba249';
const KEY = '252251c7'.repeat(8);
const VALUE = 'd1783943'.repeat(8);

describe('places in a cache or remote', () => {
  it('are those of dvc', () => {
    expect(objectPath(MD5, 'md5')).toBe('files/md5/d8/e8fca2dc0f896fd7cb4cb0031ba249');
    expect(objectPath(`${MD5}.dir`, 'md5')).toBe('files/md5/d8/e8fca2dc0f896fd7cb4cb0031ba249.dir');
    expect(objectPath(MD5, 'md5-dos2unix')).toBe('d8/e8fca2dc0f896fd7cb4cb0031ba249');
    expect(runPath(KEY, VALUE)).toBe(`runs/25/${KEY}/${VALUE}`);
  });

  it.each(['', '../../etc/passwd', `${MD5}.dir.dir`, `${MD5}/x`, MD5.toUpperCase(), `${MD5}\n`])(
    'are none for %j',
    (md5) => {
      expect(() => objectPath(md5, 'md5')).toThrow('not a digest');
      expect(() => runPath(KEY, md5)).toThrow('not a key');
    },
  );
});
