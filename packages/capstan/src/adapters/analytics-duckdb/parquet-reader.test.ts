import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ParquetReader } from '#ports/parquet-reader';
import { createParquetReader } from './create-parquet-reader.ts';

const golden = (name: string): Buffer => readFileSync(new URL(`golden/${name}.parquet`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'capstan-parquet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let reader: ParquetReader;
beforeAll(() => (reader = createParquetReader({ folder: join(folder, 'shared') })));
afterAll(() => reader.close());

const rowOf = async (name: string, row: number) => {
  const { columns, rows } = await reader.read(golden(name));
  return Object.fromEntries(columns.map((column, place) => [column, rows[row]?.[place]]));
};

test('a table of pandas has its columns, spelled as there, and its index is none of them', async () => {
  expect(await rowOf('pandas', 0)).toEqual({
    a: 1.5,
    A: true,
    long: 2n ** 60n,
    unsigned: 2n ** 64n - 1n,
    small: -1,
    text: 'x',
    missing: 'here',
    kind: 'u',
    at: '2020-01-01T10:00:00Z',
    bytes: Buffer.of(255),
    list: [1, 2],
    money: 1.25,
    inside: { x: 1, y: 'z' },
  });
  expect(await rowOf('pandas', 1)).toMatchObject({ a: null, A: false, long: 3, missing: null, text: 'Zürich' });
});

test('a table without rows has its columns', async () => {
  expect(await reader.read(golden('empty'))).toEqual({ columns: ['a'], rows: [] });
});

test('nothing stays of what was read', async () => {
  await reader.read(golden('empty'));
  expect(readdirSync(join(folder, 'shared'))).toEqual([]);
});

const whole = golden('pandas');
const withFooterLength = (length: number): Buffer => {
  const bytes = Buffer.from(whole);
  bytes.writeUInt32LE(length, bytes.length - 8);
  return bytes;
};

describe('refused, and the next file is read', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'INVALID_ARGUMENT', /cannot be read/],
    ['CSV', Buffer.from('a,b\n1,2\n'.repeat(9)), 'INVALID_ARGUMENT', /no Parquet file/],
    ['the marks alone', Buffer.from('PAR1PAR1'), 'INVALID_ARGUMENT', /cannot be read/],
    ['a file without its end', whole.subarray(0, -30), 'INVALID_ARGUMENT', /its end is missing/],
    ['a footer of 4 GB', withFooterLength(2 ** 32 - 1), 'INVALID_ARGUMENT', /cannot be read/],
    ['a footer that begins elsewhere', withFooterLength(40), 'INVALID_ARGUMENT', /cannot be read/],
    ['a column twice', golden('twice'), 'INVALID_ARGUMENT', /the column 'a' twice/],
    ['10 GB of text in 600 bytes', golden('long-texts'), 'TOO_LARGE', /more/],
    ['30 million rows in a few', golden('many-rows'), 'TOO_LARGE', /more than 33554432 bytes of values/],
  ])('%s', async (_, bytes, code, message) => {
    const refused = expect.objectContaining({ code, field: 'body', message: expect.stringMatching(message) });
    await expect(reader.read(bytes)).rejects.toEqual(refused);
    await expect(reader.read(golden('empty'))).resolves.toMatchObject({ columns: ['a'] });
  });

  test('damage anywhere: a table or a clear error, and no place of this machine in it', async () => {
    for (let at = 0; at < whole.length; at += 41) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      const outcome = await reader.read(bytes).then(
        () => 'read',
        (error: unknown) => error,
      );
      if (outcome === 'read') continue;
      expect(outcome).toMatchObject({ code: expect.stringMatching(/^(INVALID_ARGUMENT|TOO_LARGE)$/), field: 'body' });
      expect(String(outcome)).not.toContain(folder);
    }
    await expect(reader.read(whole)).resolves.toMatchObject({ rows: { length: 2 } });
  });
});

test.each([
  ['takes too long', { timeoutMs: 1 }, /longer than 1 ms/],
  ['takes more memory than there is', { maxMemoryBytes: 1_000_000 }, /takes more memory/],
])('what %s ends with its process, not with this one', async (_, limits, message) => {
  const strict = createParquetReader({ folder: join(folder, 'strict'), ...limits });
  const refused = expect.objectContaining({ code: 'TOO_LARGE', message: expect.stringMatching(message) });
  for (let time = 0; time < 2; time++) await expect(strict.read(whole)).rejects.toEqual(refused);
  await strict.close();
});

test('who waits no longer is told so, and nothing is read for whoever has gone', async () => {
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(reader.read(whole, { signal: gone })).rejects.toThrow('gone');
  await expect(reader.read(whole, { deadline: performance.now() - 1 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  await expect(reader.read(whole, { deadline: performance.now() + 30_000 })).resolves.toMatchObject({
    rows: { length: 2 },
  });
});
