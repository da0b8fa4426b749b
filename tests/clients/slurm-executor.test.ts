// The contract of executors on a real Slurm cluster of one node, and what Slurm alone does. Skipped where there is none.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createExecutorSlurm } from '../../packages/capstan/src/adapters/executor-slurm/index.ts';
import { describeExecutor, isRunning } from '../../packages/capstan/src/ports/executor.contract.ts';
import type { ExecutionSpec } from '../../packages/capstan/src/ports/executor.ts';
import { ensureSlurm } from '../../tools/tasks/ensure-slurm.ts';
import { program } from '../support/server.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';

const found = await ensureSlurm().then(
  (root) => ({ root, lacks: undefined }),
  (error: unknown) => ({ root: '', lacks: error instanceof Error ? error.message : String(error) }),
);

describe.skipIf(found.lacks)(`Slurm${found.lacks ? `: skipped, ${found.lacks}` : ''}`, () => {
  let cluster: SlurmCluster;
  let cwd: string;
  let attempts = 0;
  beforeAll(async () => {
    cluster = await startSlurmCluster(found.root);
  });
  afterAll(() => cluster.stop());
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'capstan-slurm-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  const slurm = (target = {}) => createExecutorSlurm({ environment: cluster.environment, ...target });
  const specOf = (command: string, changes: Partial<ExecutionSpec> = {}): ExecutionSpec => ({
    attemptId: `at_slurm_${process.pid}_${attempts++}`,
    command,
    cwd,
    env: { PATH: '/usr/bin:/bin' },
    logFile: join(cwd, 'log'),
    timeoutMs: 60_000,
    graceMs: 2000,
    ...changes,
  });
  const read = (file: string) => (existsSync(join(cwd, file)) ? readFileSync(join(cwd, file), 'utf8') : '');
  async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = Date.now() + 60_000;
    while (!(await isSo())) {
      if (Date.now() > endMs) throw new Error(`${what} did not come: ${cluster.ask('squeue')}${cluster.ask('sinfo')}`);
      await sleep(20);
    }
  }
  async function lineIn(file: string): Promise<string> {
    await until(file, () => read(file).endsWith('\n'));
    return read(file).trim();
  }
  const jobs = () => cluster.ask('squeue', '--noheader', '--format=%T').trim();

  describeExecutor('Slurm', async () => ({ executor: slurm(), measuresUse: true }));

  it('gives a command whatever characters its paths, its variables and itself have, and leaves no file', async () => {
    const folder = join(cwd, `a 'b' "c" $d %j`);
    mkdirSync(folder);
    const env = { PATH: '/usr/bin:/bin', A: "x'y\nz", B: '$(id) `id` \\ %' };
    const logFile = join(folder, 'log %x');
    const { done } = await slurm().start(specOf(`pwd; printf '%s' "$(env)"`, { cwd: folder, logFile, env }));
    expect(await done).toMatchObject({ outcome: 'succeeded', machine: cluster.node });
    const text = readFileSync(logFile, 'utf8');
    expect(text).toContain(`${folder}\n`);
    expect(text).toContain("A=x'y\nz");
    expect(text).toContain('B=$(id) `id` \\ %');
    expect(text).not.toContain('SLURM');
    expect(readdirSync(folder)).toEqual(['log %x']);
  });

  it('refuses what the cluster can never run, with its words', async () => {
    const start = (changes: Partial<ExecutionSpec>, target = {}) => slurm(target).start(specOf('touch ran', changes));
    const refused = (words: RegExp) => ({ code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(words) });
    await expect(start({ resources: { cpus: 99 } })).rejects.toMatchObject(refused(/PartitionConfig/));
    await expect(start({ resources: { memoryBytes: 1e15 } })).rejects.toMatchObject(refused(/memory|configuration/i));
    await expect(start({ resources: { gpus: 1 } })).rejects.toMatchObject(refused(/generic resource/));
    await expect(start({}, { partition: 'nowhere' })).rejects.toMatchObject(refused(/partition/));
    await expect(start({ timeoutMs: 3_600_000 }, { partition: 'short' })).rejects.toMatchObject(
      refused(/PartitionConfig|TimeLimit/),
    );
    expect([jobs(), readdirSync(cwd)]).toEqual(['', ['log']]);
  });

  it('waits for its turn; a waiting one is cancelled unrun, and one whose directory has gone says so', async () => {
    const executor = slurm();
    const first = await executor.start(specOf('echo $$ > pid; exec sleep 120', { resources: { cpus: 8 } }));
    await lineIn('pid');
    const gone = join(cwd, 'gone');
    mkdirSync(gone);
    const unrun = await executor.start(specOf('touch ran', { resources: { cpus: 1, memoryBytes: 10 * 2 ** 20 } }));
    const homeless = await executor.start(specOf('touch ran', { cwd: gone }));
    rmSync(gone, { recursive: true });
    unrun.cancel();
    expect(await unrun.done).toMatchObject({ outcome: 'cancelled', exitCode: null, cpuMs: null });
    first.cancel();
    expect(await first.done).toMatchObject({ outcome: 'cancelled', signal: 'SIGTERM' });
    expect(await homeless.done).toMatchObject({ outcome: 'failed', exitCode: 126 });
    expect(read('log')).toContain(`node ${cluster.node} cannot use ${gone}`);
    expect(existsSync(join(cwd, 'ran'))).toBe(false);
  });

  it('is cancelled, too, when another ends its job', async () => {
    const { done } = await slurm().start(specOf('echo $$ > pid; exec sleep 120'));
    const pid = Number(await lineIn('pid'));
    cluster.ask('scancel', '--name', `capstan-at_slurm_${process.pid}_${attempts - 1}`);
    expect(await done).toMatchObject({ outcome: 'cancelled', signal: 'SIGTERM' });
    expect(await isRunning(pid)).toBe(false);
  });

  it('reaps what an earlier server left behind, running or waiting, and knows nothing of others', async () => {
    const earlier = slurm();
    const stubborn = `trap '' TERM; echo $$ > pid; i=0; while [ $((i+=1)) -lt 2000 ]; do sleep 0.05; done`;
    const running = await earlier.start(specOf(stubborn, { graceMs: 300, resources: { cpus: 8 } }));
    const waiting = await earlier.start(specOf('touch ran'));
    const pid = Number(await lineIn('pid'));
    const later = slurm();
    await later.reap('at_never_started');
    await later.reap(waiting.attemptId);
    await later.reap(running.attemptId);
    expect(await isRunning(pid)).toBe(false);
    expect([jobs(), read('ran')]).toEqual(['', '']);
    expect((await Promise.all([running.done, waiting.done])).map(({ outcome }) => outcome)).toEqual(['lost', 'lost']);
  });

  it('is not there without Slurm', async () => {
    const executor = createExecutorSlurm({ environment: { PATH: cwd } });
    await expect(executor.start(specOf('touch ran'))).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED' });
    await expect(executor.reap('at_any')).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED' });
  });

  it('runs the stages of a checkout by capstan repro', async () => {
    spawnSync('git', ['init', '-q'], { cwd });
    const env = { ...cluster.environment, CAPSTAN_SLURM_PARTITION: 'short' };
    const capstan = (...args: string[]) =>
      spawnSync(process.execPath, [program, ...args], { cwd, env, encoding: 'utf8' });
    expect(capstan('init')).toMatchObject({ status: 0 });
    const stage = 'stages: {where: {cmd: hostname > out && echo on $CAPSTAN_ATTEMPT_ID, outs: [out]}}';
    writeFileSync(join(cwd, 'dvc.yaml'), stage);
    const done = capstan('repro', '--executor', 'slurm');
    expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('where: done in') });
    expect(read('dvc.lock')).toContain('hostname > out');
    expect(cluster.ask('squeue', '--noheader', '--states=all', '--partition=short', '--format=%T')).toContain(
      'COMPLETED',
    );
    expect(capstan('repro', '--executor', 'slrum')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('slurm'),
    });
  });

  it('runs a command once when its node is lost: it ends by itself, or is lost and ended there', async () => {
    const executor = slurm();
    const short = await executor.start(specOf('echo began >> short; sleep 2'));
    const long = await executor.start(specOf('echo began >> long; echo $$ > pid; exec sleep 120'));
    await lineIn('short');
    const pid = Number(await lineIn('pid'));
    await cluster.killNodeDaemon();
    expect(await short.done).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(await long.done).toMatchObject({ outcome: 'lost', exitCode: null, machine: cluster.node });
    await until('the end of the process', async () => !(await isRunning(pid)));
    await cluster.startNode();
    await cluster.clear();
    expect([read('short'), read('long')]).toEqual(['began\n', 'began\n']);
  });

  // Last: a controller that is killed may give the numbers of its latest jobs again, and drains nodes that know them.
  it('does not need the controller to see an end; without it nothing is started, then or later', async () => {
    const executor = slurm();
    const running = await executor.start(specOf('echo $$ > pid; sleep 2; echo ended'));
    await lineIn('pid');
    await cluster.killController();
    await Promise.all([
      expect(executor.start(specOf('touch ran'))).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
      expect(executor.reap('at_any')).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
    ]);
    expect(await running.done).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    await cluster.startController();
    await cluster.clear();
    expect(read('ran')).toBe('');
  });
});
