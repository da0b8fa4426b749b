import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { staticFiles } from './static-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'capstan-static-'));
const script = `console.log('${'x'.repeat(2_000)}');`;
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<p>page</p>');
writeFileSync(join(folder, 'assets', 'a.js'), script);

test('files are those of the start, compressed once when first asked for', async () => {
  const answer = staticFiles(folder);
  rmSync(folder, { recursive: true });
  const reply = await answer?.('/assets/a.js');
  expect(reply?.headers).toMatchObject({
    'content-encoding': 'br',
    'cache-control': expect.stringContaining('immutable'),
  });
  expect(brotliDecompressSync(reply?.body as Buffer).toString()).toBe(script);
  expect(await answer?.('/assets/a.js')).toBe(reply);
  expect((await answer?.('/projects/flights'))?.body).toEqual(Buffer.from('<p>page</p>'));
  expect(await answer?.('/api/v1/nothing')).toBeNull();
  expect(staticFiles(folder)).toBeNull();
});
