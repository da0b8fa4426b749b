import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openDatabase } from './open.ts';

const child = fileURLToPath(new URL('./testing-writer.ts', import.meta.url));

function emptyFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'capstan-db-')), 'capstan.db');
}

/** Starts a process that writes one setting after another and prints each name once it is acknowledged. */
function startWriter(file: string) {
  const process = spawn(globalThis.process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  process.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { process, acknowledged: () => text.split('\n').slice(0, -1) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('kill -9', () => {
  test('what was acknowledged is there, and nothing is torn', async () => {
    const file = emptyFile();
    for (let round = 1; round <= 5; round++) {
      const { process: writer, acknowledged } = startWriter(file);
      await until(() => acknowledged().length >= 40 * round);
      writer.kill('SIGKILL');
      await once(writer, 'exit');
      const database = await openDatabase({ url: `sqlite:${file}` });
      const names = new Set(
        (await database.read.selectFrom('settings').select('name').execute()).map((row) => row.name),
      );
      expect(acknowledged().filter((name) => !names.has(name))).toEqual([]);
      // Each write is a pair: one half without the other would be a torn write.
      for (const name of names)
        expect(names.has(name.endsWith('a') ? `${name.slice(0, -1)}b` : `${name.slice(0, -1)}a`)).toBe(true);
      await database.close();
    }
  });
});

describe('one process', () => {
  test('a second one is refused, naming the holder; when that is killed the data is free at once', async () => {
    const file = emptyFile();
    const { process: holder, acknowledged } = startWriter(file);
    await until(() => acknowledged().length > 0);
    await expect(openDatabase({ url: `sqlite:${file}` })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`process ${holder.pid}`),
    });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (await openDatabase({ url: `sqlite:${file}` })).close();
  });
});

test('a write inside a write is refused instead of waiting for ever', async () => {
  const database = await openDatabase({ url: `sqlite:${emptyFile()}` });
  await expect(database.write(() => database.write(async () => 1))).rejects.toThrow('pass the writer on');
  await database.close();
});

test('concurrent writers share commits', async () => {
  const database = await openDatabase({ url: `sqlite:${emptyFile()}` });
  let commits = 0;
  database.onCommit(() => commits++);
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      database.write((writer) =>
        writer
          .insertInto('settings')
          .values({ name: `k${index}`, value: '' })
          .execute(),
      ),
    ),
  );
  expect(commits).toBeLessThan(50);
  expect(await database.read.selectFrom('settings').select('name').execute()).toHaveLength(100);
  await database.close();
});
