// Runs of pipelines in a checkout that are ended, killed or kept waiting.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dvcRepository, lines, type DvcRepository } from '../support/dvc-repository.ts';
import { findDvc } from '../support/python.ts';

let dvcProgram = '';
let repo: DvcRepository;

beforeAll(async () => {
  dvcProgram = await findDvc();
});

beforeEach(() => {
  repo = dvcRepository(dvcProgram);
});

const isThere = (path: string): boolean => existsSync(join(repo.root, path));

describe('a run that is ended by a signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s leaves no process, no half output and no record of it',
    async (signal) => {
      repo.write(
        'dvc.yaml',
        lines(
          'stages:',
          '  quick: {cmd: echo 1 > quick, outs: [quick]}',
          '  slow:',
          '    cmd: trap "" TERM; echo half > slow; echo $$ > pid; setsid sleep 97531 & sleep 97531 & while true; do sleep 1; done',
          '    deps: [quick]',
          '    outs: [slow]',
          '  beside: {cmd: echo half > beside; exec sleep 97531, deps: [quick], outs: [beside]}',
          '  after: {cmd: cat slow > after, deps: [slow], outs: [after]}',
        ),
      );
      const run = repo.begin(['repro', '-j', '2']);
      await expect.poll(() => isThere('pid') && isThere('beside'), { timeout: 30_000 }).toBe(true);
      run.kill(signal);
      const [code] = (await once(run, 'exit')) as [number];
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(repo.run('pgrep', ['-f', 'sleep 97531']).out).toBe('');
      expect(['quick', 'slow', 'beside', 'after'].filter(isThere)).toEqual(['quick']);
      expect(Object.keys((repo.readYaml('dvc.lock') as { stages: object }).stages)).toEqual(['quick']);
      expect(repo.run('flock', ['-n', join(repo.root, '.dvc/tmp/lock'), 'true']).code).toBe(0);
      expect(JSON.parse(repo.read('.dvc/tmp/rwlock'))).toEqual({ read: {}, write: {} });
    },
  );

  test('puts back what is built up over runs', async () => {
    repo.write('src', '1\n');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  grows: {cmd: cat src >> log; . ./then.sh, deps: [src], outs: [{log: {persist: true}}]}'),
    );
    repo.write('then.sh', 'true\n');
    expect((await repo.ours(['repro'])).code).toBe(0);
    repo.write('src', '2\n');
    repo.write('then.sh', 'touch begun; sleep 600\n');
    const run = repo.begin(['repro']);
    await expect.poll(() => isThere('begun'), { timeout: 30_000 }).toBe(true);
    run.kill('SIGINT');
    await once(run, 'exit');
    expect(repo.read('log')).toBe('1\n');
  });
});

describe('a run that is killed', () => {
  test('at any moment is completed by the next one, with nothing recorded twice and nothing left running', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `s${index}`);
    repo.write(
      'dvc.yaml',
      lines(
        'stages:',
        ...names.map(
          (name, index) =>
            `  ${name}: {cmd: "echo half > ${name}; (sleep 0.2; echo late >> ${name}) & sleep 0.15; echo ${name} > ${name}; wait", ` +
            `deps: [${index < 2 ? 'src' : `s${index - 2}`}], outs: [${name}]}`,
        ),
      ),
    );
    repo.write('src', '1');
    for (let round = 0; round < 5; round++) {
      const run = repo.begin(['repro', '-j', '2']);
      await Promise.race([once(run, 'exit'), sleep(300 + Math.random() * 1_200)]);
      if (run.exitCode === null) {
        run.kill('SIGKILL');
        await once(run, 'exit');
      }
      // The file is whole at every moment.
      if (isThere('dvc.lock')) repo.readYaml('dvc.lock');
    }
    const last = await repo.ours(['repro', '-j', '2']);
    expect(last).toMatchObject({ code: 0, err: '' });
    const { stages } = repo.readYaml('dvc.lock') as { stages: Record<string, { outs: unknown[] }> };
    expect(Object.keys(stages).toSorted()).toEqual(names);
    for (const name of names) expect(repo.read(name)).toBe(`${name}\nlate\n`);
    expect(repo.dvc('status')).toContain('up to date');
    await sleep(500);
    expect(repo.dvc('status')).toContain('up to date');
    for (const run of readdirSync(join(repo.root, '.dvc/tmp/capstan/runs'))) {
      const file = `.dvc/tmp/capstan/runs/${run}/commands`;
      const told = (isThere(file) ? repo.read(file) : '').trim().split('\n').filter(Boolean);
      const [begun, ended] = ['begin ', 'end '].map((word) => told.filter((line) => line.startsWith(word)).length);
      expect(ended).toBe(begun);
    }
  });

  test('has its commands ended by the next one before anything runs', async () => {
    repo.write('dvc.yaml', lines('stages:', '  a: {cmd: ". ./what.sh; echo 1 > a", deps: [src], outs: [a]}'));
    repo.write('src', '1');
    repo.write('what.sh', 'echo $$ > pid; trap "" TERM; sleep 86420; sleep 86421');
    const run = repo.begin(['repro']);
    await expect.poll(() => isThere('pid'), { timeout: 30_000 }).toBe(true);
    run.kill('SIGKILL');
    await once(run, 'exit');
    expect(repo.run('pgrep', ['-f', 'sleep 8642[01]']).out).not.toBe('');
    repo.write('what.sh', 'pgrep -f "sleep 8642[01]" > left');
    expect(await repo.ours(['repro'])).toMatchObject({ code: 0, err: '' });
    expect(repo.read('left')).toBe('');
    expect(repo.read('a')).toBe('1\n');
  });
});

describe('beside other commands', () => {
  test('a stage may call dvc itself, and others may work while it runs', async () => {
    repo.write('data', '1');
    repo.dvc('add', '-q', 'data');
    repo.write(
      'dvc.yaml',
      lines(
        'stages:',
        `  a: {cmd: "${dvcProgram} status -q data.dvc; touch begun; while [ ! -e go ]; do sleep 0.1; done; echo 1 > a", deps: [data], outs: [a]}`,
      ),
    );
    const run = repo.begin(['repro']);
    await expect.poll(() => isThere('begun'), { timeout: 60_000 }).toBe(true);
    expect(repo.dvc('status', 'data.dvc')).toContain('up to date');
    const held = JSON.parse(repo.read('.dvc/tmp/rwlock')) as { write: Record<string, { pid: number }> };
    expect(held.write[join(repo.root, 'a')]?.pid).toBe(run.pid);
    const refused = repo.run(dvcProgram, ['repro', 'a']);
    expect(refused.code).not.toBe(0);
    expect(refused.out).toContain('is busy, it is being blocked by');
    repo.write('go', '');
    const [code] = (await once(run, 'exit')) as [number];
    expect(code).toBe(0);
    expect(repo.dvc('status')).toContain('up to date');
  });

  test('a path that dvc writes to is waited for', async () => {
    repo.write('dvc.yaml', lines('stages:', '  a: {cmd: echo 1 > a, outs: [a]}'));
    const other = spawn('sleep', ['600']);
    const holder = { pid: other.pid, cmd: 'dvc repro a' };
    repo.write('.dvc/tmp/rwlock', JSON.stringify({ read: {}, write: { [join(repo.root, 'a')]: holder } }));
    const refused = await repo.ours(['repro', '--wait', '1']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`waiting for another command (process ${other.pid} (dvc repro a))`);
    other.kill();
    await once(other, 'exit');
    expect((await repo.ours(['repro', '--wait', '1'])).code).toBe(0);
  });
});

test('a stage that prints much does not fill the memory, and its log has it all', async () => {
  const printed = 300_000_000;
  repo.write(
    'dvc.yaml',
    lines(
      'stages:',
      `  loud: {cmd: "yes 0123456789012345678901234567890 | head -c ${printed}; echo 1 > o", outs: [o]}`,
    ),
  );
  const run = repo.begin(['repro']);
  const peak = { bytes: 0 };
  const looking = setInterval(() => {
    const status = existsSync(`/proc/${run.pid}/status`) ? readFileSync(`/proc/${run.pid}/status`, 'utf8') : '';
    peak.bytes = Math.max(peak.bytes, Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
  }, 20);
  const [code] = (await once(run, 'exit')) as [number];
  clearInterval(looking);
  expect(code).toBe(0);
  expect(peak.bytes).toBeGreaterThan(0);
  expect(peak.bytes).toBeLessThan(printed);
  const [id = ''] = readdirSync(join(repo.root, '.dvc/tmp/capstan/runs'));
  expect(statSync(join(repo.root, `.dvc/tmp/capstan/runs/${id}/1-loud.log`)).size).toBeGreaterThan(printed);
});
