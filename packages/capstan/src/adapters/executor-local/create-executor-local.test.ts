import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionSpec } from '#ports/executor';
import { describeExecutor, isRunning } from '#ports/executor.contract';
import { createExecutorLocal } from './index.ts';

const hasProc = existsSync('/proc/self/stat');

if (hasProc) describeExecutor('local', async () => ({ executor: createExecutorLocal(), measuresUse: true }));
describeExecutor('local without /proc', async () => ({
  executor: createExecutorLocal({ hasProcessTable: false }),
  measuresUse: false,
}));

describe.skipIf(!hasProc)(`executor-local by /proc${hasProc ? '' : ' (skipped: this platform has none)'}`, () => {
  let cwd: string;
  let attempt = 0;
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'capstan-executor-local-'));
  });
  afterEach(() => rm(cwd, { recursive: true }));

  function specOf(command: string, changes: Partial<ExecutionSpec> = {}): ExecutionSpec {
    const attemptId = `at_local_${process.pid}_${Date.now()}_${attempt++}`;
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
    const logFile = join(cwd, 'log');
    return { attemptId, command, cwd, env, logFile, timeoutMs: 60_000, graceMs: 200, ...changes };
  }

  async function pidIn(file: string): Promise<number> {
    for (;;) {
      const text = await readFile(join(cwd, file), 'utf8').catch(() => '');
      if (text.endsWith('\n')) return Number(text);
      await sleep(10);
    }
  }

  it('says of a command that ended before it was seen that its use is not known', async () => {
    const executor = createExecutorLocal();
    for (let count = 0; count < 5; count++) {
      const { peakMemoryBytes, cpuMs } = await (await executor.start(specOf('true'))).done;
      expect(peakMemoryBytes).not.toBe(0);
      expect(cpuMs === null).toBe(peakMemoryBytes === null);
    }
  });

  it('ends a process that has left the session, its parent and TERM behind', async () => {
    const escape = `setsid sh -c "trap '' TERM; echo \\$\\$ > pid; exec sleep 120" &`;
    const { done } = await createExecutorLocal().start(specOf(`(${escape}) ; while [ ! -s pid ]; do sleep 0.02; done`));
    const pid = await pidIn('pid');
    expect(await done).toMatchObject({ outcome: 'succeeded' });
    expect(await isRunning(pid)).toBe(false);
  });

  it('ends a process that has dropped its environment too, once it was seen', async () => {
    const escape = `env -i /bin/sh -c 'sleep 0.5; echo > seen; exec setsid /bin/sh -c "echo \\$\\$ > pid; exec sleep 120"' &`;
    const executor = createExecutorLocal();
    const execution = await executor.start(
      specOf(`(${escape}) ; while [ ! -s pid ]; do sleep 0.02; done; exec sleep 120`),
    );
    const pid = await pidIn('pid');
    expect(await isRunning(pid)).toBe(true);
    execution.cancel();
    expect(await execution.done).toMatchObject({ outcome: 'cancelled' });
    expect(await isRunning(pid)).toBe(false);
  });

  it('leaves the processes of other attempts alone', async () => {
    const executor = createExecutorLocal();
    const other = await executor.start(specOf('echo $$ > other; exec sleep 120'));
    const one = await executor.start(specOf('exec sleep 120'));
    one.cancel();
    await one.done;
    expect(await isRunning(await pidIn('other'))).toBe(true);
    other.cancel();
    await other.done;
  });

  it('counts the time of processes that nobody waited for', async () => {
    const busy = `${process.execPath} -e 'while (process.cpuUsage().user < 700e3) for (let i = 0; i < 1e6; i++);'`;
    const { done } = await createExecutorLocal().start(
      specOf(`(setsid sh -c "${busy}; echo > done" &) ; while [ ! -s done ]; do sleep 0.05; done; sleep 0.3`),
    );
    expect((await done).cpuMs).toBeGreaterThan(500);
  });

  it.each(['at 1', '', '../x', 'a\0b'])('refuses %j as an attempt id', async (attemptId) => {
    const starting = createExecutorLocal().start(specOf('true', { attemptId }));
    await expect(starting).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'attemptId' });
  });

  it('refuses a command that is too long for the operating system', async () => {
    const starting = createExecutorLocal().start(specOf(`: ${'x'.repeat(3_000_000)}`));
    await expect(starting).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'command' });
  });

  describe('reaping', () => {
    /** Starts the command by another server process and kills that with KILL once the command has written `pid`. */
    async function startAndLose(spec: ExecutionSpec): Promise<number> {
      const source = `
        import { createExecutorLocal } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
        await createExecutorLocal().start(${JSON.stringify(spec)});`;
      const server = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' });
      const pid = await pidIn('pid');
      server.kill('SIGKILL');
      await once(server, 'exit');
      return pid;
    }

    const running = (...pids: number[]) => Promise.all(pids.map((pid) => isRunning(pid)));

    it('ends what a killed server has left, wherever it has moved, and nothing else', async () => {
      const bystander = await createExecutorLocal().start(specOf('echo $$ > bystander; exec sleep 120'));
      const spec = specOf(
        `trap '' TERM; (setsid sh -c 'echo $$ > escaped; exec sleep 120' &); env -i sleep 121 & while [ ! -s escaped ]; do sleep 0.02; done; echo $$ > pid; exec sleep 120`,
      );
      const pid = await startAndLose(spec);
      const escaped = await pidIn('escaped');
      // The command does outlive its server, and goes on writing: that is what reaping is for.
      expect(await running(pid, escaped)).toEqual([true, true]);

      const executor = createExecutorLocal({ reapGraceMs: 200 });
      await executor.reap(`${spec.attemptId}_other`);
      expect(await running(pid, escaped)).toEqual([true, true]);
      await executor.reap(spec.attemptId);
      expect(await running(pid, escaped, await pidIn('bystander'))).toEqual([false, false, true]);
      await executor.reap(spec.attemptId);
      bystander.cancel();
      await bystander.done;
    });

    it('lets it clean up first', async () => {
      const spec = specOf(
        `trap 'echo cleaned > cleaned; exit 0' TERM; echo $$ > pid; i=0; while [ $((i+=1)) -lt 2000 ]; do sleep 0.05; done`,
      );
      await startAndLose(spec);
      await createExecutorLocal({ reapGraceMs: 20_000 }).reap(spec.attemptId);
      expect(await readFile(join(cwd, 'cleaned'), 'utf8')).toBe('cleaned\n');
    });

    it('cancels what this server itself runs', async () => {
      const executor = createExecutorLocal();
      const spec = specOf('exec sleep 120');
      const execution = await executor.start(spec);
      await executor.reap(spec.attemptId);
      expect(await execution.done).toMatchObject({ outcome: 'cancelled' });
    });

    it('says so where it cannot be done', async () => {
      await expect(createExecutorLocal({ hasProcessTable: false }).reap('at_1')).rejects.toMatchObject({
        code: 'NOT_IMPLEMENTED',
      });
    });
  });
});
