import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { createClient } from '@capstan/client';
import { expect, onTestFinished, test } from 'vitest';
import { createSender } from './send-later.ts';

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;
const END = lineOf({ fact: { kind: 'run-ended', at: 2, outcome: 'succeeded', reason: null } });

/** Answers as a server does; `atBegin` happens before it answers that a run has begun. */
async function serverThat(atBegin: () => void): Promise<{ url: string; told: unknown[] }> {
  const told: unknown[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { facts } = body as { facts?: unknown[] };
      if (!facts) atBegin();
      told.push(...(facts ?? []));
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ next: told.length, run: {} }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, told };
}

test('what is written while the last call is under way is sent, too', async () => {
  const home = mkdtempSync(join(tmpdir(), 'capstan-sender-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const journal = join(home, 'journal.jsonl');
  writeFileSync(journal, lineOf({ begin: { id: 'pr_1' } }));
  let finished = Promise.resolve();
  const { url, told } = await serverThat(() => {
    appendFileSync(journal, END);
    finished = sender.finish();
  });
  const failures: unknown[] = [];
  const sender = createSender({
    client: createClient({ baseUrl: url }),
    url,
    home: () => home,
    onFailure: (error) => failures.push(error),
  });
  sender.open(home);
  await expect.poll(() => told.length).toBe(1);
  await finished;
  expect(failures).toEqual([]);
  expect(told).toEqual([JSON.parse(END).fact]);
});
