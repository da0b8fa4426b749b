import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { followReports, reportText, type WorkProgress } from './reports.ts';

const progress = (done: number): WorkProgress => ({ total: 10, done, failed: 0, rowsPerSecond: null });
let log = '';

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  log = join(folder, 'log');
});

test('the latest is told, whatever else is printed, also by pieces and without whole lines', async () => {
  const reports = await followReports(log);
  await reports.look();
  expect(reports.progress).toBeUndefined();
  appendFileSync(log, Buffer.from([0xff, 0xfe, 0x41]));
  appendFileSync(log, reportText({ progress: progress(1) }));
  const next = reportText({ progress: progress(2) });
  appendFileSync(log, next.slice(0, 30));
  await reports.look();
  expect(reports.progress).toEqual(progress(1));
  appendFileSync(log, next.slice(30));
  appendFileSync(log, `${'x'.repeat(600_000)}${reportText({ failure: { code: 'INTERNAL', message: 'a\nb' } })}the end`);
  await reports.look();
  expect(reports.progress).toEqual(progress(2));
  expect(reports.failure).toEqual({ code: 'INTERNAL', message: 'a\nb' });
});

test('what an earlier try has said is not told, nor what only looks like a report', async () => {
  appendFileSync(log, reportText({ failure: { code: 'INTERNAL', message: 'of the one before' } }));
  const reports = await followReports(log);
  appendFileSync(log, '@capstan-batch {\n@capstan-batch {"progress":{"done":"all"}}\n say @capstan-batch {}\n');
  appendFileSync(log, reportText({ progress: progress(3) }));
  await reports.look();
  expect([reports.progress, reports.failure]).toEqual([progress(3), undefined]);
});
