import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { followReports } from '#operations/batch-predictions';
import { refuseOtherPlatform } from './batch-worker-commands.ts';

async function said(lay: (node: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  lay(join(folder, 'node'));
  const log = join(folder, 'log');
  const reports = await followReports(log);
  const script = `${refuseOtherPlatform('./node')}\necho went on`;
  const { stdout, status } = spawnSync('/bin/sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  writeFileSync(log, stdout);
  await reports.look();
  return { status, stdout, failure: reports.failure };
}

test('a machine that cannot run the program says so in a report, with its kind and the reason', async () => {
  const other = await said((node) => {
    writeFileSync(node, '\u007fELF of "another" kind\n');
    chmodSync(node, 0o755);
  });
  expect(other).toMatchObject({
    status: 126,
    failure: {
      code: 'NOT_IMPLEMENTED',
      message: expect.stringMatching(
        new RegExp(`is for ${process.platform} ${process.arch}, does not run on the machine \\(\\w+ \\w+\\): .*node`),
      ),
    },
  });
  expect((await said(() => {})).failure?.message).toContain('not found');
});

test('one that can goes on', async () => {
  expect(await said((node) => symlinkSync(process.execPath, node))).toMatchObject({ status: 0, stdout: 'went on\n' });
});
