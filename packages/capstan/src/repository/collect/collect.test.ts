import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCache } from '../cache/object-cache.ts';
import { refuseWhileStagesRun } from '../locks/running-stages.ts';
import { cachedObjects } from './cached-objects.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-collect-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe('a cache', () => {
  test('tells its objects of both layouts from all else that lies there', () => {
    const [file = '', list = '', old = ''] = ['file', 'list', 'old'].map(md5);
    write(`objects/files/md5/${file.slice(0, 2)}/${file.slice(2)}`);
    write(`objects/files/md5/${list.slice(0, 2)}/${list.slice(2)}.dir`);
    write(`objects/${old.slice(0, 2)}/${old.slice(2)}`);
    write(`objects/files/md5/${file.slice(0, 2)}/${file.slice(2)}.abc.tmp`);
    write('objects/files/md5/.0123.tmp');
    write('objects/files/md5/zz/nothing');
    write(`objects/runs/${'ab'}/${'ab'.repeat(32)}/${'cd'.repeat(32)}`);
    expect([...cachedObjects(join(folder, 'objects'))].toSorted((a, b) => (a.md5 < b.md5 ? -1 : 1))).toEqual(
      [
        { md5: file, scheme: 'md5' },
        { md5: `${list}.dir`, scheme: 'md5' },
        { md5: old, scheme: 'md5-dos2unix' },
      ].toSorted((a, b) => (a.md5 < b.md5 ? -1 : 1)),
    );
    expect([...cachedObjects(join(folder, 'nowhere'))]).toEqual([]);
  });

  test('finds what is missing among many as among few', () => {
    const names = Array.from({ length: 500 }, (_, index) => md5(String(index)));
    for (const [index, name] of names.entries())
      if (index % 3 > 0) write(`many/files/md5/${name.slice(0, 2)}/${name.slice(2)}`);
    const cache = openCache(join(folder, 'many'), ['copy']);
    const missing = (some: readonly string[]): number[] => cache.missing(Buffer.from(some.join(''), 'hex'), 'md5');
    expect(missing(names)).toEqual(names.flatMap((_, index) => (index % 3 === 0 ? [index] : [])));
    expect(missing(names.slice(0, 5))).toEqual([0, 3]);
    expect(cache.missing(Buffer.from(names.join(''), 'hex'), 'md5-dos2unix')).toHaveLength(names.length);
  });
});

describe('a stage that runs', () => {
  const at = (text: string) => {
    write('repository/.dvc/tmp/rwlock', text);
    return { root: join(folder, 'repository'), home: join(folder, 'repository/.dvc') };
  };
  const holder = (pid: unknown) => ({ pid, cmd: 'repro' });

  test.each([
    ['writes', { read: {}, write: { 'a.csv': holder(process.pid) } }],
    ['reads', { read: { 'a.csv': [holder(1e9), holder(process.pid)] }, write: {} }],
  ])('is told by what it %s', (_, locks) => {
    expect(() => refuseWhileStagesRun(at(JSON.stringify(locks)))).toThrow(`process ${process.pid} (repro)`);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"read": {}}',
    JSON.stringify({ read: {}, write: { a: holder(1e9), b: holder(-1) } }),
  ])('is none in %j', (text) => {
    expect(() => refuseWhileStagesRun(at(text))).not.toThrow();
  });
});
