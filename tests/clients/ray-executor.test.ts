// Commands on a real Ray cluster of two nodes, with its token on.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExecutorRay, type ExecutorRay } from '../../packages/capstan/src/adapters/executor-ray/index.ts';
import { describeExecutor, isRunning } from '../../packages/capstan/src/ports/executor.contract.ts';
import type { ExecutionSpec } from '../../packages/capstan/src/ports/executor.ts';
import { parentOf, processesLike, processesOfAttempt, until } from '../support/processes.ts';
import { findRay } from '../support/python.ts';
import { startRayCluster, type RayCluster, type RayNode } from '../support/ray-cluster.ts';
import { capstan, emptyFolder, program, startServer } from '../support/server.ts';

/** What only the second node has. */
const OF_THE_SECOND = { cpus: 3 };

let cluster: RayCluster;
let second: RayNode;
let executor: ExecutorRay;
let attempts = 0;

const makeExecutor = (owner: string): ExecutorRay =>
  createExecutorRay({ address: cluster.address, token: cluster.token, owner, lostAfterMs: 3000 });

beforeAll(async () => {
  cluster = await startRayCluster(await findRay(), 2);
  second = await cluster.addNode(OF_THE_SECOND.cpus);
  executor = makeExecutor('test');
}, 300_000);

afterAll(async () => {
  await executor?.close();
  await cluster?.stop();
});

function specOf(command: string, root: string, changes: Partial<ExecutionSpec> = {}): ExecutionSpec {
  return {
    attemptId: `ra_${process.pid}_${attempts++}`,
    command,
    cwd: root,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    logFile: join(root, '..', `log-${attempts}`),
    timeoutMs: 60_000,
    graceMs: 500,
    files: { root, writes: ['out'] },
    ...changes,
  };
}

function folder(files: Readonly<Record<string, string>> = {}): string {
  const root = join(emptyFolder(), 'root');
  mkdirSync(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const logOf = (spec: ExecutionSpec): string => readFileSync(spec.logFile, 'utf8');

describeExecutor('ray', async () => ({ executor, measuresUse: true }));

describe('files', () => {
  test('are there by content, and what the command writes comes back', async () => {
    const outside = folder({ 'kept.txt': 'from a cache\n' });
    const root = folder({
      'in/ä "x".csv': '1\n',
      'tool.sh': '#!/bin/sh\necho tool\n',
      'git/x': 'never\n',
      old: 'old\n',
    });
    chmodSync(join(root, 'tool.sh'), 0o755);
    symlinkSync('in', join(root, 'link'));
    symlinkSync(join(outside, 'kept.txt'), join(root, 'cached.txt'));
    const command = [
      'set -e; pwd; test ! -e ../git',
      'mkdir -p ../out/deep/empty; ../tool.sh > ../out/tool; chmod 755 ../out/tool',
      'cat "../link/ä \\"x\\".csv" ../cached.txt > ../out/deep/both; ln -s deep/both ../out/way',
      'rm ../old; echo changed > ../tool.sh; echo $DATA',
    ].join('; ');
    const spec = specOf(command, root, {
      cwd: join(root, 'in'),
      env: { PATH: '/usr/bin:/bin', DATA: `x:${root}/in` },
      files: { root, writes: ['out', 'old', 'never-made'], without: ['git'] },
    });
    const result = await (await executor.start(spec)).done;
    expect(logOf(spec)).not.toContain(root);
    expect(logOf(spec)).toMatch(/^x:\/.*\/in$/m);
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0, machine: expect.stringMatching(/^[\d.]+ \(/) });
    expect(readFileSync(join(root, 'out/deep/both'), 'utf8')).toBe('1\nfrom a cache\n');
    expect(readFileSync(join(root, 'out/tool'), 'utf8')).toBe('tool\n');
    expect(statSync(join(root, 'out/tool')).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(root, 'out/way'))).toBe('deep/both');
    expect(readdirSync(join(root, 'out/deep/empty'))).toEqual([]);
    expect(existsSync(join(root, 'old'))).toBe(false);
    expect(readFileSync(join(root, 'tool.sh'), 'utf8')).toContain('echo tool');
    expect(readdirSync(root).toSorted()).toEqual(['cached.txt', 'git', 'in', 'link', 'out', 'tool.sh'].toSorted());
  });

  test('of a command that fails stay where they were made', async () => {
    const root = folder({ out: 'before\n' });
    const { done } = await executor.start(specOf('echo after > out; exit 3', root));
    expect(await done).toMatchObject({ outcome: 'failed', exitCode: 3 });
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('before\n');
  });

  test('a copy is private: what one attempt does to its inputs, the next does not see', async () => {
    const root = folder({ data: 'same\n' });
    for (const written of ['one', 'two']) {
      const spec = specOf(`cat data; chmod u+w data; echo ${written} > data; cp data out`, root);
      expect(await (await executor.start(spec)).done).toMatchObject({ outcome: 'succeeded' });
      expect(logOf(spec)).toBe('same\n');
      expect(readFileSync(join(root, 'out'), 'utf8')).toBe(`${written}\n`);
    }
  });

  test('a Python environment that the node lacks, and cannot make, is named', async () => {
    const spec = specOf('touch out', folder(), { env: { PATH: '/usr/bin', VIRTUAL_ENV: '/no/such/environment' } });
    expect(await (await executor.start(spec)).done).toMatchObject({ outcome: 'failed', exitCode: 126 });
    expect(logOf(spec)).toContain('the Python environment /no/such/environment is not on the node');
  });
});

describe('a Python environment', () => {
  const wanted = '/no/such/environment';
  /** A package of one module, as pip finds it. */
  function wheels(name: string): string {
    const place = emptyFolder();
    const script = `
import sys, zipfile
name, place = sys.argv[1:]
with zipfile.ZipFile("%s/%s-1.0-py3-none-any.whl" % (place, name), "w") as wheel:
    info = name + "-1.0.dist-info/"
    wheel.writestr(name + ".py", "WORD = 'packed'\\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % name)
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;
    execFileSync('python3', ['-c', script, name, place]);
    return place;
  }
  const ofPython = (root: string, command: string): ExecutionSpec =>
    specOf(command, root, {
      env: { PATH: `${wanted}/bin:/usr/local/bin:/usr/bin:/bin`, VIRTUAL_ENV: wanted },
      python: 'requirements',
    });

  test('is made from the requirements, once, and named by the variables of the command', async () => {
    const more = `-r more.txt\n--find-links ${wheels('capstan_probe')}\n`;
    const command =
      'python3 -c "import capstan_probe, sys; print(capstan_probe.WORD, sys.prefix)"; echo "$VIRTUAL_ENV"';
    const logs: string[] = [];
    for (const root of [0, 1].map(() => folder({ 'requirements.txt': more, 'more.txt': 'capstan_probe==1.0\n' }))) {
      const spec = ofPython(root, command);
      expect(await (await executor.start(spec)).done).toMatchObject({ outcome: 'succeeded' });
      logs.push(logOf(spec));
    }
    const [first = '', second = ''] = logs;
    expect(first).toMatch(/^capstan: building the Python environment with Python 3/m);
    // In the words of uv where the node's Python has it, else in pip's.
    expect(first).toMatch(/capstan.probe(-|==)1\.0/);
    const [, prefix = ''] = /^packed (.*)$/m.exec(first) ?? [];
    expect(prefix).toContain('/environments/');
    expect(second).toBe(`packed ${prefix}\n${prefix}\n`);
  }, 60_000);

  test('that cannot be made fails the command with the words of what makes it', async () => {
    const cases = [
      ['no-such-package==1.0\n', /no-such-package/],
      ['-e .\n', /requirements\.txt:1: '-e \.' is a package in a folder/],
    ] as const;
    for (const [text, words] of cases) {
      const spec = ofPython(folder({ 'requirements.txt': text }), 'touch out');
      expect(await (await executor.start(spec)).done).toMatchObject({ outcome: 'failed', exitCode: 126 });
      expect(logOf(spec).trim().split('\n').at(-1)).toMatch(/^capstan: /);
      expect(logOf(spec).trim().split('\n').at(-1)).toMatch(words);
    }
  }, 60_000);

  test('of Python alone has no packages, and is found under the root where it is asked for there', async () => {
    const root = folder();
    const spec = specOf('.venv/bin/python -c "import sys; print(sys.prefix)"; python3 -m pip --version', root, {
      env: { PATH: `${root}/.venv/bin:/usr/bin:/bin`, VIRTUAL_ENV: `${root}/.venv` },
      python: 'bare',
    });
    expect(await (await executor.start(spec)).done).toMatchObject({ outcome: 'failed', exitCode: 1 });
    expect(logOf(spec)).toMatch(/^\/.*\/work\/.*\/\.venv$/m);
    expect(logOf(spec)).toContain('No module named pip');
  }, 60_000);
});

test('a long output is whole and in order', async () => {
  const spec = specOf('seq 1 2000000', folder());
  expect(await (await executor.start(spec)).done).toMatchObject({ outcome: 'succeeded' });
  const lines = logOf(spec).split('\n');
  expect(lines.length).toBe(2_000_001);
  expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(2_000_000);
});

describe('what a command needs', () => {
  test('is refused where no node will ever have it, naming what there is', async () => {
    const starting = executor.start(specOf('true', folder(), { resources: { cpus: 64 } }));
    await expect(starting).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      field: 'resources',
      hint: expect.stringMatching(/2 CPU.*3 CPU|3 CPU.*2 CPU/),
    });
  });

  test('is waited for where it is in use, and one that waits can be cancelled', async () => {
    const root = folder();
    const first = await executor.start(specOf('exec sleep 60', root, { resources: OF_THE_SECOND }));
    const waiting = await executor.start(specOf('touch ran', root, { resources: OF_THE_SECOND }));
    const next = await executor.start(specOf('echo ran > out', root, { resources: OF_THE_SECOND }));
    waiting.cancel();
    expect(await waiting.done).toMatchObject({ outcome: 'cancelled', exitCode: null });
    first.cancel();
    expect(await first.done).toMatchObject({ outcome: 'cancelled' });
    expect(await next.done).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('what is refused', () => {
  test('a token that is not Ray’s, and Ray that is not there', async () => {
    const others = [
      createExecutorRay({ address: cluster.address, token: 'wrong', owner: 'test' }),
      createExecutorRay({ address: 'http://127.0.0.1:9', token: cluster.token, owner: 'test' }),
    ];
    const codes = await Promise.all(
      others.map((other) => other.start(specOf('true', folder())).catch((error: unknown) => error)),
    );
    expect(codes).toMatchObject([
      { code: 'UNAUTHENTICATED', field: 'rayToken' },
      { code: 'UNAVAILABLE', field: 'rayAddress' },
    ]);
    for (const other of others) await other.close();
  });
});

describe('kill -9', () => {
  test('of the driver: what runs is lost, and the next start has a new one', async () => {
    const spec = specOf('exec sleep 60', folder());
    const { done } = await executor.start(spec);
    await until(() => processesOfAttempt(spec.attemptId).length > 0);
    const drivers = processesLike('capstan-driver').filter((pid) => !processesLike('/bin/sh').includes(pid));
    for (const pid of drivers) process.kill(pid, 'SIGKILL');
    expect(await done).toMatchObject({ outcome: 'lost', exitCode: null, signal: null });
    const root = folder();
    expect(await (await executor.start(specOf('echo again > out', root))).done).toMatchObject({ outcome: 'succeeded' });
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('again\n');
    await until(() => processesOfAttempt(spec.attemptId).length === 0);
  }, 60_000);

  test('of this side: nothing of the command is left after a while, and reaping ends its driver', async () => {
    const spec = specOf('trap "" TERM; while :; do sleep 1; done', folder());
    const source = `
      import { createExecutorRay } from ${JSON.stringify(new URL('../../packages/capstan/src/adapters/executor-ray/index.ts', import.meta.url).href)};
      const executor = createExecutorRay(${JSON.stringify({ address: cluster.address, token: cluster.token, owner: 'killed', lostAfterMs: 3000 })});
      await executor.start(${JSON.stringify(spec)});`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' });
    await until(() => processesOfAttempt(spec.attemptId).length > 0);
    const before = processesLike('capstan-driver').length;
    other.kill('SIGKILL');
    await once(other, 'exit');
    const next = makeExecutor('killed');
    await next.reap(spec.attemptId);
    await next.close();
    expect(processesLike('capstan-driver').length).toBeLessThan(before);
    await until(() => processesOfAttempt(spec.attemptId).length === 0);
  }, 60_000);

  test('of a node: the attempt is lost, another one succeeds, and the late one changes nothing', async () => {
    const root = folder();
    const late = specOf('touch started; while [ ! -e go ]; do sleep 0.1; done; echo late > out', root, {
      resources: OF_THE_SECOND,
    });
    const lost = await executor.start(late);
    await until(() => processesOfAttempt(late.attemptId).length > 0);
    const [shell = 0] = processesOfAttempt(late.attemptId);
    const runner = parentOf(shell);
    // As a machine that hangs: it will not hear that it was given up before its command has ended well.
    process.kill(runner, 'SIGSTOP');
    second.kill();
    expect(await lost.done).toMatchObject({ outcome: 'lost' });
    const again = await executor.start(specOf('echo second > out', root));
    expect(await again.done).toMatchObject({ outcome: 'succeeded' });
    writeFileSync(join(readlinkSync(`/proc/${shell}/cwd`), 'go'), '');
    await until(async () => !(await isRunning(shell)));
    process.kill(runner, 'SIGCONT');
    await until(async () => !(await isRunning(runner)));
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('second\n');
    expect(readdirSync(root)).toEqual(['out']);
  }, 90_000);
});

describe('a pipeline', () => {
  const CHARTER = `pipeline: dvc.yaml
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
`;
  const PIPELINE = `stages:
  features:
    cmd: sort rows.csv > features.csv
    deps: [rows.csv]
    outs: [features.csv]
  train:
    foreach: [1, 2]
    do:
      cmd: mkdir -p models/\${item} && cat params.yaml features.csv > models/\${item}/model && echo '{"rows":2}' > m\${item}.yaml
      deps: [features.csv]
      params: [lr]
      outs:
        - models/\${item}
      metrics:
        - m\${item}.yaml:
            cache: false
`;

  test('has equal results here and, by one setting, on Ray', async () => {
    const run = promisify(execFile);
    const locks = [];
    for (const name of ['local', 'ray']) {
      const files = { 'rows.csv': 'b\na\n', 'params.yaml': 'lr: 1\n', 'dvc.yaml': PIPELINE, 'requirements.txt': '' };
      const root = folder(files);
      const env = {
        PATH: process.env['PATH'] ?? '',
        HOME: join(root, '..'),
        VIRTUAL_ENV: '/no/such/environment',
        CAPSTAN_RAY_ADDRESS: cluster.address,
        CAPSTAN_RAY_TOKEN: cluster.token,
      };
      const ours = async (...args: string[]) => await run(process.execPath, [program, ...args], { cwd: root, env });
      await run('git', ['init', '-q'], { cwd: root });
      await ours('init');
      const { stdout } = await ours('repro', '--executor', name, '-j', '2');
      expect(stdout).toContain('3 ran');
      expect(stdout.includes('capstan: the Python environment is built')).toBe(name === 'ray');
      locks.push(readFileSync(join(root, 'dvc.lock'), 'utf8'));
      expect(readFileSync(join(root, 'models/2/model'), 'utf8')).toBe('lr: 1\na\nb\n');
      expect((await ours('repro')).stdout).toContain('up to date');
    }
    expect(locks[1]).toBe(locks[0]);
  }, 120_000);

  test('of a project is run by the server where capstan.yaml says so, with equal results', async () => {
    const settings = ['--ray-address', cluster.address, '--ray-token', cluster.token];
    const server = await startServer(['--no-serving', ...settings]);
    const client = createClient({ baseUrl: server.url });
    const locks: string[] = [];
    const machines: unknown[] = [];
    try {
      for (const name of ['local', 'ray']) {
        const root = folder({
          'rows.csv': 'b\na\n',
          'params.yaml': 'lr: 1\n',
          'dvc.yaml': PIPELINE,
          'capstan.yaml': `project: on-${name}\nexecutor: ${name}\n${CHARTER}`,
        });
        expect(await capstan(['apply'], server.url, root)).toMatchObject({ code: 0 });
        const { id } = await client.pipelines.start({ params: { project: `on-${name}` }, body: {} });
        const look = async () => await client.pipelines.get({ params: { run: id } });
        await until(async () => !/^(queued|running|pending)/.test((await look()).status));
        const run = await look();
        expect([run.status, run.reason]).toEqual(['succeeded', null]);
        locks.push(readFileSync(join(server.data, 'workspaces', id, 'dvc.lock'), 'utf8'));
        machines.push(...run.stages.flatMap(({ attempts: tries }) => tries.map(({ machine }) => machine)));
      }
    } finally {
      await server.stop();
    }
    expect(locks[1]).toBe(locks[0]);
    expect(machines.slice(0, 3)).toEqual([null, null, null]);
    expect(machines.slice(3)).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^[\d.]+ \(/)));
  }, 90_000);
});
