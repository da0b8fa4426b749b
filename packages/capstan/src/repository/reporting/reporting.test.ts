import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { closeJournal, isUnsent, journalOf, markSent } from './journal.ts';
import { projectName, readLines, remoteOf } from './model.ts';

test.each([
  ['https://ada:hunter2@example.org/team/shop.git', 'https://example.org/team/shop.git'],
  ['https://hunter2@example.org:8443/shop?token=hunter2#hunter2', 'https://example.org:8443/shop'],
  ['https://ada:hunt/er2@example.org/shop', null],
  ['https://ada:hunt@hunter2@example.org/shop', 'https://example.org/shop'],
  ['ssh://git@example.org/shop.git', 'ssh://example.org/shop.git'],
  ['git@example.org:team/shop.git', 'example.org:team/shop.git'],
  ['example.org:shop', 'example.org:shop'],
  ['/home/ada/shop', null],
  ['../shop', null],
  ['file:///home/ada/shop', null],
  ['C:\\shop', null],
])('the address %s is told as %s', (url, told) => {
  expect(remoteOf(url)).toBe(told);
});

test.each([
  ['Shop', 'shop'],
  ['  Flüge & Züge_2 ', 'fluge-zuge-2'],
  ['---', 'checkout'],
  ['a'.repeat(63) + '-b', 'a'.repeat(63)],
  ['\u{1F600}', 'checkout'],
])('a repository called %j is the project %s', (name, project) => {
  expect(projectName(name)).toBe(project);
});

const began = (attempt: string): string =>
  `${JSON.stringify({ fact: { kind: 'stage-began', stage: attempt, attempt, at: 1, why: [] }, log: `${attempt}.log` })}\n`;

test('the journal of a run that was killed ends with what it had under way, once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  closeJournal(folder, 5);
  expect(isUnsent(folder)).toBe(false);
  writeFileSync(journalOf(folder), `{"begin":{}}\n${began('a')}${began('b')}`);
  appendFileSync(journalOf(folder), '{"fact":{"kind":"stage-ended","attempt":"a"}}\n{"fact":{"kind":"run-en');
  writeFileSync(join(folder, 'b.log'), '12345');
  closeJournal(folder, 5);
  const text = readFileSync(journalOf(folder), 'utf8');
  closeJournal(folder, 6);
  expect(readFileSync(journalOf(folder), 'utf8')).toBe(text);
  const { lines, sizeBytes } = readLines(Buffer.from(text));
  expect(sizeBytes).toBe(Buffer.byteLength(text));
  expect(lines.slice(-2)).toMatchObject([
    { fact: { kind: 'stage-ended', stage: 'b', attempt: 'b', at: 5, logBytes: 5, report: { outcome: 'lost' } } },
    { fact: { kind: 'run-ended', at: 5, outcome: 'failed' } },
  ]);
  expect(isUnsent(folder)).toBe(true);
  markSent(folder, 'http://example.org');
  expect(isUnsent(folder)).toBe(false);
});
