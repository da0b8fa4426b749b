// Pipelines of one checkout, run by Capstan and by the real dvc in turns.
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** All that dvc.yaml can say, in nested folders. */
function writeEverything(): void {
  repo.write('.dvcignore', '*.tmp\n');
  repo.write('data/raw/a.csv', 'a\n1\n');
  repo.write('data/raw/deep/ü "q".csv', 'odd\n');
  repo.write('data/raw/left.tmp', 'out\n');
  symlinkSync('a.csv', join(repo.root, 'data/raw/link.csv'));
  repo.write('tool.sh', '#!/bin/sh\ncat "$@"\n', 0o755);
  repo.write(
    'params.yaml',
    lines('lr: 0.10', 'big: 9007199254740993', 'nest: {a: [1, 2.0], b: é}', 'sets: [x, y]', 'on: 1e-05'),
  );
  repo.write('other.toml', '[t]\nk = "v"\n');
  repo.write('src/code.py', 'print(1)\n');
  repo.write(
    'dvc.yaml',
    lines(
      'vars:',
      '- shared: {out: made}',
      'stages:',
      '  prepare:',
      '    cmd: mkdir -p ${shared.out}/in && ./tool.sh data/raw/a.csv > ${shared.out}/in/x && echo 2 > "${shared.out}/é ☃"',
      '    deps: [data/raw, tool.sh]',
      '    params: [lr, big, nest, "on"]',
      '    outs: [made]',
      '  several:',
      '    cmd:',
      '    - echo one > s1',
      '    - X=1; echo two$X > s2',
      '    deps: [made/in]',
      '    outs:',
      '    - s1',
      '    - s2: {cache: false}',
      '  each:',
      '    foreach: ${sets}',
      '    do:',
      '      cmd: echo ${item} > "each-${item}"',
      '      deps: [made/in/x]',
      '      outs: ["each-${item}"]',
      '  grid:',
      '    matrix:',
      '      n: [1, 2]',
      '      m: [{v: p}, {v: q}]',
      '    cmd: echo ${item.n} ${item.m.v} > "grid-${key}"',
      '    deps: ["each-x"]',
      '    outs: ["grid-${key}"]',
      '  program:',
      '    cmd: printf "#!/bin/sh\\n" > run.sh && chmod +x run.sh',
      '    deps: [s1]',
      '    outs: [run.sh]',
      '  uses:',
      '    cmd: cat run.sh > used',
      '    deps: [run.sh]',
      '    outs: [used]',
      '  grows:',
      '    cmd: echo more >> log.txt',
      '    deps: [s2]',
      '    params:',
      '    - other.toml:',
      '    outs:',
      '    - log.txt: {persist: true}',
      '  measure:',
      '    cmd: echo "{\\"acc\\":1.5}" > m.json; printf "step,v\\n1,2\\n" > p.csv; echo "{}" > kept.json',
      '    deps: [used, src]',
      '    metrics:',
      '    - m.json: {cache: false}',
      '    - kept.json',
      '    plots:',
      '    - p.csv: {x: step, y: v}',
      '  old:',
      '    cmd: echo old > old.txt',
      '    deps: [src]',
      '    outs: [old.txt]',
      '  always:',
      '    cmd: echo always > always.txt',
      '    always_changed: true',
      '    outs: [always.txt]',
      'plots:',
      '- p.csv',
      'artifacts:',
      '  model: {path: used}',
    ),
  );
  repo.write(
    'sub/dvc.yaml',
    lines(
      'stages:',
      '  below:',
      '    wdir: work',
      '    cmd: cat ../../used in.txt > out.txt; pwd > where; echo "$DVC_STAGE" > name',
      '    deps: [../../used, in.txt]',
      '    params:',
      '    - ../../params.yaml: [lr]',
      '    outs: [out.txt, name]',
      '  "größe":',
      '    cmd: wc -c < work/out.txt > size',
      '    deps: [work/out.txt]',
      '    outs: [size]',
    ),
  );
  repo.write('sub/work/in.txt', 'in\n');
  repo.dvc('add', '-q', 'sub/work/in.txt');
}

const LOCKS = ['dvc.lock', 'sub/dvc.lock'];

describe('a repository with all that dvc.yaml can say', () => {
  test('is reproduced with the lock, cache and .gitignore that dvc makes, and dvc has nothing to do', async () => {
    writeEverything();
    const twin = repo.twin();
    twin.dvc('repro', '-q', '-P');
    await repo.repro('-P', '-j', '3');
    for (const file of LOCKS) expect(repo.readYaml(file), file).toEqual(twin.readYaml(file));
    for (const file of ['.gitignore', 'sub/.gitignore', 'sub/work/.gitignore']) {
      expect(repo.read(file).split('\n').toSorted(), file).toEqual(twin.read(file).split('\n').toSorted());
    }
    const objects = ({ run }: DvcRepository, folder: string): string[] =>
      run('sh', ['-c', `cd .dvc/cache/${folder} && find . -type f -exec stat -c "%n %a" {} +`])
        .out.split('\n')
        .toSorted();
    expect(objects(repo, 'files')).toEqual(objects(twin, 'files'));
    expect(objects(repo, 'runs')).toEqual(objects(twin, 'runs'));
    const status = JSON.parse(repo.dvc('status', '--json')) as Record<string, unknown>;
    expect(status).toEqual({ always: ['always changed'] });
    expect(repo.read('sub/work/name')).toBe('sub/dvc.yaml:below\n');
    expect(statSync(join(repo.root, 'run.sh')).mode & 0o111).not.toBe(0);
  });

  test('done by dvc leaves nothing to do but what always runs', async () => {
    writeEverything();
    repo.dvc('repro', '-q', '-P');
    const before = LOCKS.map(repo.read);
    const ended = await repo.outcomes('-P');
    expect(Object.entries(ended).filter(([, outcome]) => outcome !== 'unchanged')).toEqual([['always', 'ran']]);
    expect(LOCKS.map((file) => repo.readYaml(file))).toEqual(
      before.map((_, index) => repo.readYaml(LOCKS[index] ?? '')),
    );
    expect(JSON.parse(repo.dvc('status', '--json'))).toEqual({ always: ['always changed'] });
  });

  test('changes are seen as dvc sees them, and by the same stages', async () => {
    writeEverything();
    await repo.repro('-P', '-j', '2');
    repo.write('params.yaml', repo.read('params.yaml').replace('0.10', '0.2'));
    repo.write('src/code.py', 'print(2)\n');
    rmSync(join(repo.root, 'each-y'));
    const theirs = Object.keys(JSON.parse(repo.dvc('status', '--json')) as object);
    const { out } = await repo.ours(['repro', '-n', '-P', '--json']);
    const { stages } = JSON.parse(out) as { stages: { stage: string; verdict: string }[] };
    const changed = stages
      .filter(({ verdict }) => verdict === 'run' || verdict === 'restore')
      .map(({ stage }) => stage);
    expect(changed.toSorted()).toEqual(theirs.toSorted());
    repo.dvc('repro', '-q', '-P');
    expect(new Set(Object.values(await repo.outcomes('-P')))).toEqual(new Set(['unchanged', 'ran']));
  });
});

describe('results that were made before', () => {
  const pipeline = lines(
    'stages:',
    '  train:',
    '    cmd: cat data > model; echo ran >> trace; echo {} > m.json',
    '    deps: [data]',
    '    outs: [model]',
    '    metrics: [{m.json: {cache: false}}]',
  );

  test('of dvc are taken by us, and ours by dvc', async () => {
    repo.write('dvc.yaml', pipeline);
    for (const [data, runner, other] of [
      ['one', 'dvc', 'ours'],
      ['two', 'ours', 'dvc'],
    ] as const) {
      const run = async (who: 'dvc' | 'ours'): Promise<void> => {
        if (who === 'dvc') repo.dvc('repro', '-q');
        else await repo.repro();
      };
      repo.write('data', data);
      await run(runner);
      repo.write('data', `${data} changed`);
      await run(runner);
      const before = repo.read('trace');
      repo.write('data', data);
      rmSync(join(repo.root, 'm.json'));
      await run(other);
      expect(repo.read('trace'), `${other} after ${runner}`).toBe(before);
      expect(repo.read('model')).toBe(data);
      expect(repo.read('m.json')).toBe('{}\n');
      expect(repo.dvc('status')).toContain('up to date');
    }
  });

  test('are not looked for where that is asked', async () => {
    repo.write('dvc.yaml', pipeline);
    repo.write('data', 'one');
    await repo.repro();
    repo.write('data', 'two');
    await repo.repro();
    repo.write('data', 'one');
    expect(await repo.outcomes('--no-run-cache')).toEqual({ train: 'ran' });
    rmSync(join(repo.root, 'model'));
    expect(await repo.outcomes('--no-run-cache')).toEqual({ train: 'restored' });
    expect(await repo.outcomes('--force')).toEqual({ train: 'ran' });
    expect(repo.dvc('status')).toContain('up to date');
  });

  test('whose object is damaged are made anew, never taken', async () => {
    repo.write('dvc.yaml', pipeline);
    repo.write('data', 'one');
    await repo.repro();
    const digest = createHash('md5').update('one').digest('hex');
    const object = join(repo.root, '.dvc/cache/files/md5', digest.slice(0, 2), digest.slice(2));
    chmodSync(object, 0o644);
    writeFileSync(object, 'bad');
    chmodSync(object, 0o444);
    rmSync(join(repo.root, 'model'));
    expect(await repo.outcomes()).toEqual({ train: 'ran' });
    expect(repo.read('model')).toBe('one');
    expect(readFileSync(object, 'utf8')).toBe('one');
  });
});

test('what the cache lacks is brought from the remote: data, outputs and results of other people', async () => {
  repo.dvc('remote', 'add', '-q', '-d', 'storage', join(repo.root, '../storage'));
  repo.write('data', '1');
  repo.dvc('add', '-q', 'data');
  repo.write(
    'dvc.yaml',
    lines(
      'stages:',
      '  a: {cmd: cat data > a; echo a >> trace, deps: [data], outs: [a]}',
      '  b: {cmd: mkdir b; cp a b/x; echo b >> trace, deps: [a], outs: [b]}',
      '  c: {cmd: cat b/x > c; echo c >> trace, deps: [b], outs: [c]}',
    ),
  );
  repo.dvc('repro', '-q');
  repo.dvc('push', '-q', '--run-cache');
  // As after a clone: without the lock of the last stage, which somebody else has run.
  repo.write('dvc.lock', repo.read('dvc.lock').replace(/ {2}c:\n[\s\S]*/, ''));
  for (const path of ['data', 'a', 'b', 'c', '.dvc/cache']) rmSync(join(repo.root, path), { recursive: true });
  const before = repo.read('trace');
  const ended = await repo.outcomes('--pull');
  expect(ended).toEqual({ 'data.dvc': 'restored', a: 'restored', b: 'restored', c: 'restored' });
  expect(repo.read('trace')).toBe(before);
  expect(repo.read('c')).toBe('1');
  expect(repo.dvc('status')).toContain('up to date');
});

test('stages are frozen, released and recorded as they are, in files that dvc reads', async () => {
  repo.write('dvc.yaml', lines('# kept', 'stages:', '  a: {cmd: cat data > a, deps: [data], outs: [a]}'));
  repo.write('data', '1');
  await repo.repro();
  repo.write('data', '2');
  expect(await repo.ours(['freeze', 'a'])).toMatchObject({ code: 0, out: 'Frozen: a\n' });
  expect(repo.dvc('status')).toContain('up to date');
  expect(await repo.ours(['unfreeze', 'a'])).toMatchObject({ code: 0 });
  expect(repo.dvc('status')).toContain('data');
  expect((await repo.ours(['status'])).out).toMatch(/^a\n {2}data changed \(\w{8} → \w{8}\)\n$/);
  expect(await repo.ours(['commit'])).toMatchObject({ code: 0, err: '' });
  expect(repo.dvc('status')).toContain('up to date');
  expect((await repo.ours(['status'])).out).toBe('Data and pipelines are up to date.\n');
  expect(repo.read('a')).toBe('1');
  expect(repo.read('dvc.yaml')).toContain('# kept');
});

describe('what is to run', () => {
  function writeChain(): void {
    repo.write(
      'dvc.yaml',
      lines(
        'stages:',
        ...['a', 'b', 'c', 'd'].flatMap((name, index) => [
          `  ${name}:`,
          `    cmd: cat ${index === 0 ? 'src' : 'abcd'[index - 1]} > ${name}`,
          `    deps: [${index === 0 ? 'src' : 'abcd'[index - 1]}]`,
          `    outs: [${name}]`,
        ]),
        '  alone:',
        '    cmd: echo 1 > alone',
        '    outs: [alone]',
      ),
    );
    repo.write('src', '1');
  }

  test.each([
    ['all', [], ['a', 'b', 'c', 'd', 'alone']],
    ['a stage and what it reads from', ['b'], ['a', 'b']],
    ['an output', ['b', 'alone'], ['a', 'b', 'alone']],
    ['one stage', ['-s', 'b'], ['b']],
    ['downstream', ['--downstream', 'c'], ['c', 'd']],
    ['a pipeline', ['-p', 'b'], ['a', 'b', 'c', 'd']],
    ['a pattern', ['--glob', 'a*'], ['a', 'alone']],
  ])('%s', async (_, args, expected) => {
    writeChain();
    if (args.includes('-s') || args.includes('--downstream')) await repo.repro();
    expect(Object.keys(await repo.outcomes('-f', ...args)).toSorted()).toEqual(expected.toSorted());
  });

  test('a frozen stage stays as it is, and what it reads from is not looked at for it', async () => {
    writeChain();
    await repo.repro();
    repo.dvc('freeze', 'c');
    repo.write('src', '2');
    expect(await repo.outcomes('d')).toEqual({ c: 'unchanged', d: 'unchanged' });
    expect(repo.read('b')).toBe('1');
  });

  test('with equal content nothing downstream runs, unless it is asked for', async () => {
    writeChain();
    await repo.repro();
    repo.write('dvc.yaml', repo.read('dvc.yaml').replace('cat src > a', 'true; cat src > a'));
    expect(await repo.outcomes()).toEqual({
      a: 'ran',
      b: 'unchanged',
      c: 'unchanged',
      d: 'unchanged',
      alone: 'unchanged',
    });
    repo.write('dvc.yaml', repo.read('dvc.yaml').replace('true; cat src > a', 'cat src > a; true'));
    const forced = await repo.outcomes('--force-downstream');
    expect(forced).toEqual({ a: 'ran', b: 'ran', c: 'ran', d: 'ran', alone: 'unchanged' });
    expect(repo.dvc('status')).toContain('up to date');
  });

  test('data that was changed is recorded, data that is gone is named', async () => {
    repo.write('dvc.yaml', lines('stages:', '  a: {cmd: cat data > a, deps: [data], outs: [a]}'));
    repo.write('data', '1');
    repo.dvc('add', '-q', 'data');
    await repo.repro();
    repo.write('data', '2');
    expect(await repo.outcomes()).toEqual({ 'data.dvc': 'recorded', a: 'ran' });
    expect(repo.dvc('status')).toContain('up to date');
    rmSync(join(repo.root, 'data'));
    const refused = await repo.ours(['repro']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('data.dvc failed: its data data is missing');
    expect(refused.err).toContain('capstan checkout data');
  });
});

test('outputs that are links to the cache are replaced, never written through', async () => {
  repo.dvc('config', 'cache.type', 'hardlink');
  repo.write(
    'dvc.yaml',
    lines(
      'stages:',
      '  a:',
      '    cmd: cat src > o && cat src >> grows',
      '    deps: [src]',
      '    outs: [o, {grows: {persist: true}}]',
    ),
  );
  repo.write('src', '1\n');
  await repo.repro();
  expect(lstatSync(join(repo.root, 'grows')).nlink).toBeGreaterThan(1);
  repo.write('src', '2\n');
  await repo.repro();
  expect(repo.read('grows')).toBe('1\n2\n');
  expect(repo.dvc('status')).toContain('up to date');
  const cached = repo.run('sh', ['-c', 'for f in $(find .dvc/cache/files -type f); do md5sum < $f; echo $f; done']).out;
  for (const [, digest = '', folder = '', name = ''] of cached.matchAll(/(\w{32}) {2}-\n\S+\/(\w\w)\/(\w+)/g)) {
    expect(`${folder}${name}`).toBe(digest);
  }
});

test('the logs of the last runs are kept', async () => {
  repo.write('dvc.yaml', lines('stages:', '  a: {cmd: echo said; echo 1 > a, outs: [a]}'));
  await repo.repro();
  const [run = ''] = readdirSync(join(repo.root, '.dvc/tmp/capstan/runs'));
  expect(repo.read(`.dvc/tmp/capstan/runs/${run}/1-a.log`)).toContain('said\n');
});
