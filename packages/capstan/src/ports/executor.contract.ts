import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionResult, ExecutionSpec, Executor } from './executor.ts';

/** What an executor under test can tell; its commands must run on this machine. */
export interface ExecutorFixture {
  readonly executor: Executor;
  /** Whether CPU time and memory are measured. */
  readonly measuresUse: boolean;
  close?(): Promise<void>;
}

const NODE = JSON.stringify(process.execPath);

/** True while that process runs; one that has ended and was not waited for does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) [ZX] /.test(stat);
}

async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(10);
  }
}

/** What every executor keeps: the command as given, its output, its outcome, and nothing of it left when it is done. */
export function describeExecutor(name: string, makeExecutor: () => Promise<ExecutorFixture>): void {
  describe(`executor contract: ${name}`, () => {
    let fixture: ExecutorFixture;
    let executor: Executor;
    let cwd: string;
    let attempt = 0;
    beforeEach(async () => {
      fixture = await makeExecutor();
      executor = fixture.executor;
      cwd = await mkdtemp(join(tmpdir(), 'capstan-executor-'));
    });
    afterEach(async () => {
      await fixture.close?.();
      await rm(cwd, { recursive: true });
    });

    function specOf(command: string, changes: Partial<ExecutionSpec> = {}): ExecutionSpec {
      return {
        attemptId: `at_${process.pid}_${Date.now()}_${attempt++}`,
        command,
        cwd,
        env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
        logFile: join(cwd, 'log'),
        timeoutMs: 60_000,
        graceMs: 10_000,
        ...changes,
      };
    }

    async function run(command: string, changes: Partial<ExecutionSpec> = {}): Promise<ExecutionResult> {
      return (await executor.start(specOf(command, changes))).done;
    }

    const log = () => readFile(join(cwd, 'log'), 'utf8');
    /** The process number that a command has written to that file; a whole line, so never half a number. */
    const pidIn = (file: string) =>
      waitFor(async () => {
        const text = await readFile(join(cwd, file), 'utf8').catch(() => '');
        return text.endsWith('\n') ? Number(text) : undefined;
      });

    describe('a command that ends by itself', () => {
      it.each([
        ['true', 0, 'succeeded'],
        ['exit 1', 1, 'failed'],
        ['exit 143', 143, 'failed'],
        ['no-such-program-anywhere', 127, 'failed'],
      ] as const)('%s: exit code %i, %s', async (command, exitCode, outcome) => {
        const result = await run(command);
        expect(result).toMatchObject({ exitCode, signal: null, outcome });
        expect(result.durationMs).toBeGreaterThan(0);
      });

      it('tells the signal that ended it', async () => {
        expect(await run('kill -KILL $$')).toMatchObject({ outcome: 'failed', exitCode: null, signal: 'SIGKILL' });
      });

      it('has written both its outputs to the log, in order, after what was there', async () => {
        await writeFile(join(cwd, 'log'), 'earlier\n');
        await run('echo one; echo two >&2; printf three');
        expect(await log()).toBe('earlier\none\ntwo\nthree');
      });

      it('has its whole output in the log, however much', async () => {
        await run(`i=0; while [ $i -lt 20000 ]; do echo "line $i of many"; i=$((i+1)); done`);
        const lines = (await log()).split('\n');
        expect([lines.length, lines[19_999], lines[20_000]]).toEqual([20_001, 'line 19999 of many', '']);
      });

      it('runs in its directory, with no input', async () => {
        await run('pwd -P; cat; echo "read $?"');
        expect(await log()).toMatch(new RegExp(`${cwd.replaceAll('.', '\\.')}\nread 0\n$`));
      });

      it('has the environment it was given and nothing of ours', async () => {
        process.env['CAPSTAN_CONTRACT_SECRET'] = 'not for commands';
        try {
          await run('env', { env: { PATH: '/usr/bin:/bin', GIVEN: 'a b "c" $d' } });
        } finally {
          delete process.env['CAPSTAN_CONTRACT_SECRET'];
        }
        const lines = (await log()).trim().split('\n');
        expect(lines).toContain('GIVEN=a b "c" $d');
        // The shell itself adds some of these; an executor may mark its processes by a name that begins with ours.
        const names = lines.map((line) => line.split('=')[0]);
        const others = names.filter(
          (variable) => !/^(PATH|GIVEN|PWD|OLDPWD|SHLVL|_|CAPSTAN_ATTEMPT_ID)$/.test(variable ?? ''),
        );
        expect(others).toEqual([]);
      });

      it('runs beside others', async () => {
        const results = await Promise.all(
          [0, 1, 2, 3].map((code) => run(`sleep 0.1; exit ${code}`, { logFile: join(cwd, `log-${code}`) })),
        );
        expect(results.map((result) => result.exitCode)).toEqual([0, 1, 2, 3]);
      });
    });

    describe('what it uses', () => {
      it('is told, for the whole group, or null', async () => {
        const busyMs = 600;
        const script = `const kept = Buffer.alloc(150e6, 1); while (process.cpuUsage().user < ${busyMs}e3) for (let i = 0; i < 1e6; i++); kept[0] = 2`;
        // The second process is a child of the first, and the shell waits for both.
        const result = await run(
          `${NODE} -e '${script}'; sh -c "${NODE.replaceAll('"', '')} -e '${script}'; true"; true`,
        );
        if (!fixture.measuresUse) {
          expect(result).toMatchObject({ cpuMs: null, peakMemoryBytes: null });
          return;
        }
        expect(result.cpuMs).toBeGreaterThan(2 * busyMs - 200);
        expect(result.cpuMs).toBeLessThan(20 * busyMs);
        expect(result.peakMemoryBytes).toBeGreaterThan(150e6);
        expect(result.peakMemoryBytes).toBeLessThan(1000e6);
      });
    });

    describe('a command that does not end by itself', () => {
      it('is ended at its time limit', async () => {
        const result = await run('echo $$ > pid; exec sleep 120', { timeoutMs: 300 });
        expect(result).toMatchObject({ outcome: 'timed-out', exitCode: null, signal: 'SIGTERM' });
        expect(await isRunning(await pidIn('pid'))).toBe(false);
      });

      it('may clean up within the grace', async () => {
        const execution = await executor.start(
          specOf(
            `trap 'echo cleaned; exit 7' TERM; echo $$ > pid; i=0; while [ $((i+=1)) -lt 2000 ]; do sleep 0.05; done`,
          ),
        );
        await pidIn('pid');
        execution.cancel();
        expect(await execution.done).toMatchObject({ outcome: 'cancelled', exitCode: 7, signal: null });
        expect(await log()).toContain('cleaned\n');
      });

      it('is killed after the grace when it ignores TERM, and its children with it', async () => {
        const execution = await executor.start(
          specOf(`trap '' TERM; (trap '' TERM; sh -c 'echo $$ > child; exec sleep 120') & echo $$ > pid; wait`, {
            graceMs: 200,
          }),
        );
        const pids = [await pidIn('pid'), await pidIn('child')];
        execution.cancel();
        expect(await execution.done).toMatchObject({ outcome: 'cancelled', exitCode: null, signal: 'SIGKILL' });
        for (const pid of pids) expect(await isRunning(pid)).toBe(false);
      });

      it('is cancelled once, however often it is said, and not after its end', async () => {
        const execution = await executor.start(specOf('exec sleep 120'));
        for (let time = 0; time < 3; time++) execution.cancel();
        const result = await execution.done;
        expect(result).toMatchObject({ outcome: 'cancelled', signal: 'SIGTERM' });
        execution.cancel();
        expect(await execution.done).toEqual(result);

        const ended = await executor.start(specOf('true'));
        expect(await ended.done).toMatchObject({ outcome: 'succeeded' });
        ended.cancel();
        expect(await ended.done).toMatchObject({ outcome: 'succeeded' });
      });
    });

    describe('processes left in the background', () => {
      it('are ended when the command is, though they hold its output open, and do not change its outcome', async () => {
        const result = await run(
          '(echo started; sh -c "echo \\$\\$ > pid; exec sleep 120") & while [ ! -s pid ]; do sleep 0.02; done; exit 0',
        );
        expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
        expect(await isRunning(await pidIn('pid'))).toBe(false);
      });

      it('are ended also when they were forked twice and ignore TERM', async () => {
        const result = await run(
          `( (trap '' TERM; sh -c 'echo $$ > pid; exec sleep 120') & ) ; while [ ! -s pid ]; do sleep 0.02; done; exit 3`,
          { graceMs: 100 },
        );
        expect(result).toMatchObject({ outcome: 'failed', exitCode: 3 });
        expect(await isRunning(await pidIn('pid'))).toBe(false);
      });

      it('do not make a command cancelled that had ended before', async () => {
        const spec = specOf(
          `(trap '' TERM; sh -c 'echo $$ > pid; exec sleep 120') & while [ ! -s pid ]; do sleep 0.02; done; echo $$ > own; exit 0`,
          { graceMs: 400 },
        );
        const execution = await executor.start(spec);
        const background = await pidIn('pid');
        const own = await pidIn('own');
        await waitFor(async () => ((await isRunning(own)) ? undefined : true));
        expect(await isRunning(background)).toBe(true);
        await sleep(50); // lets the end of the command be noticed
        execution.cancel();
        expect(await execution.done).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
        expect(await isRunning(background)).toBe(false);
      });
    });

    describe('what it refuses', () => {
      it.each([
        ['cwd', { cwd: '/no/such/directory' }],
        ['cwd', { cwd: '/etc/passwd' }],
        ['logFile', { logFile: '/no/such/directory/log' }],
        ['env', { env: { 'A=B': 'c' } }],
        ['timeoutMs', { timeoutMs: Number.NaN }],
        ['graceMs', { graceMs: -1 }],
      ] as const)('a wrong %s', async (field, changes) => {
        const starting = executor.start(specOf('touch ran', changes));
        await expect(starting).rejects.toMatchObject({ name: 'DomainError', code: 'INVALID_ARGUMENT', field });
        await expect(readFile(join(cwd, 'ran'))).rejects.toMatchObject({ code: 'ENOENT' });
      });

      it('a second start of a running attempt', async () => {
        const spec = specOf('exec sleep 120');
        const [first, second] = await Promise.allSettled([executor.start(spec), executor.start(spec)]);
        expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
        if (first.status === 'rejected') throw first.reason;
        await expect(executor.start(spec)).rejects.toMatchObject({ code: 'CONFLICT' });
        first.value.cancel();
        await first.value.done;
      });
    });
  });
}
