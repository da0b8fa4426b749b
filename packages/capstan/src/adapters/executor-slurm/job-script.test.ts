import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endByWaitStatus, endReportOf, fateOf, waitsForEver } from './end-report.ts';
import { attemptScript, quote } from './job-script.ts';

const facts = { state: 'PENDING', reason: 'None', waitStatus: 0, node: '' };

describe('the script of an attempt', () => {
  it('quotes any text as one word', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'));
    fc.assert(
      fc.property(text, (given) => {
        const { stdout } = spawnSync('/bin/sh', ['-c', `printf '%s' ${quote(given)}`], { encoding: 'utf8' });
        expect(stdout).toBe(given);
      }),
      { numRuns: 50 },
    );
  });

  it('is one that bash reads, whatever it is made for', () => {
    const odd = `a'b"c\n$d`;
    const limits = { timeoutMs: Number.POSITIVE_INFINITY, graceMs: 0.5, resources: { gpus: 1 } };
    const spec = {
      attemptId: 'at_1',
      command: odd,
      cwd: `/${odd}`,
      env: { A: odd },
      logFile: `/${odd}/log`,
      ...limits,
    };
    const { status, stderr } = spawnSync('bash', ['-n'], { input: attemptScript(spec, `/${odd}/x`), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('how an attempt went', () => {
  it('is read from the report of its script', () => {
    const text = 'signal=15\nby=timed-out\nticks=31\npeakKb=1024\nnode=n1\n1m2.345s 0m0.010s\n';
    expect(endReportOf(text)).toEqual({
      exitCode: null,
      signal: 'SIGTERM',
      endedBy: 'timed-out',
      node: 'n1',
      durationMs: 310,
      cpuMs: 62_355,
      peakMemoryBytes: 2 ** 20,
    });
    expect(endReportOf('exit=0\nby=\nticks=0\npeakKb=0\nnode=n1\n')).toMatchObject({
      exitCode: 0,
      signal: null,
      endedBy: null,
      durationMs: 1,
      cpuMs: null,
      peakMemoryBytes: null,
    });
  });

  it('is read from the status that Slurm keeps', () => {
    expect(endByWaitStatus(7 << 8)).toEqual({ exitCode: 7, signal: null });
    expect(endByWaitStatus(9)).toEqual({ exitCode: null, signal: 'SIGKILL' });
  });

  it.each(['NODE_FAIL', 'BOOT_FAIL', 'PREEMPTED'])('is lost when its job is %s', (state) => {
    expect(fateOf({ state })).toBe('lost');
  });

  it.each([
    ['PartitionConfig', true],
    ['PartitionTimeLimit', true],
    ['QOSMaxCpuPerJobLimit', true],
    ['QOSMaxJobsPerUserLimit', false],
    ['Resources', false],
    ['ReqNodeNotAvail, UnavailableNodes:node1', false],
  ])('is never to be seen when its job waits for %s: %s', (reason, isNever) => {
    expect(waitsForEver({ ...facts, reason })).toBe(isNever);
  });

  it('is open while a job runs, whatever it waited for', () => {
    expect(waitsForEver({ ...facts, state: 'RUNNING', reason: 'PartitionConfig' })).toBe(false);
  });
});
