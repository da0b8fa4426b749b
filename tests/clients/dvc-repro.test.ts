// Pipelines of one checkout, run by Capstan and by the real dvc in turns.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dvcRepository, type DvcRepository } from '../support/dvc-repository.ts';
import { findDvc } from '../support/python.ts';

let dvcProgram = '';
let repo: DvcRepository;

beforeAll(async () => {
  dvcProgram = await findDvc();
});

beforeEach(() => {
  repo = dvcRepository(dvcProgram);
});

async function repro(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await repo.ours(['repro', ...args]);
  expect(err).toBe('');
  expect(code).toBe(0);
  return out;
}

/** What each stage came to, by its name. */
async function outcomes(...args: readonly string[]): Promise<Record<string, string>> {
  const { out } = await repo.ours(['repro', '--json', ...args]);
  const { stages } = JSON.parse(out) as { stages: { stage: string; outcome: string }[] };
  return Object.fromEntries(stages.map(({ stage, outcome }) => [stage, outcome]));
}

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

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
    await repro('-P', '-j', '3');
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
    const ended = await outcomes('-P');
    expect(Object.entries(ended).filter(([, outcome]) => outcome !== 'unchanged')).toEqual([['always', 'ran']]);
    expect(LOCKS.map((file) => repo.readYaml(file))).toEqual(
      before.map((_, index) => repo.readYaml(LOCKS[index] ?? '')),
    );
    expect(JSON.parse(repo.dvc('status', '--json'))).toEqual({ always: ['always changed'] });
  });

  test('changes are seen as dvc sees them, and by the same stages', async () => {
    writeEverything();
    await repro('-P', '-j', '2');
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
    expect(new Set(Object.values(await outcomes('-P')))).toEqual(new Set(['unchanged', 'ran']));
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
        else await repro();
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
    await repro();
    repo.write('data', 'two');
    await repro();
    repo.write('data', 'one');
    expect(await outcomes('--no-run-cache')).toEqual({ train: 'ran' });
    rmSync(join(repo.root, 'model'));
    expect(await outcomes('--no-run-cache')).toEqual({ train: 'restored' });
    expect(await outcomes('--force')).toEqual({ train: 'ran' });
    expect(repo.dvc('status')).toContain('up to date');
  });

  test('whose object is damaged are made anew, never taken', async () => {
    repo.write('dvc.yaml', pipeline);
    repo.write('data', 'one');
    await repro();
    const digest = createHash('md5').update('one').digest('hex');
    const object = join(repo.root, '.dvc/cache/files/md5', digest.slice(0, 2), digest.slice(2));
    chmodSync(object, 0o644);
    writeFileSync(object, 'bad');
    chmodSync(object, 0o444);
    rmSync(join(repo.root, 'model'));
    expect(await outcomes()).toEqual({ train: 'ran' });
    expect(repo.read('model')).toBe('one');
    expect(readFileSync(object, 'utf8')).toBe('one');
  });
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
    if (args.includes('-s') || args.includes('--downstream')) await repro();
    expect(Object.keys(await outcomes('-f', ...args)).toSorted()).toEqual(expected.toSorted());
  });

  test('a frozen stage stays as it is, and what it reads from is not looked at for it', async () => {
    writeChain();
    await repro();
    repo.dvc('freeze', 'c');
    repo.write('src', '2');
    expect(await outcomes('d')).toEqual({ c: 'unchanged', d: 'unchanged' });
    expect(repo.read('b')).toBe('1');
  });

  test('with equal content nothing downstream runs, unless it is asked for', async () => {
    writeChain();
    await repro();
    repo.write('dvc.yaml', repo.read('dvc.yaml').replace('cat src > a', 'true; cat src > a'));
    expect(await outcomes()).toEqual({ a: 'ran', b: 'unchanged', c: 'unchanged', d: 'unchanged', alone: 'unchanged' });
    repo.write('dvc.yaml', repo.read('dvc.yaml').replace('true; cat src > a', 'cat src > a; true'));
    const forced = await outcomes('--force-downstream');
    expect(forced).toEqual({ a: 'ran', b: 'ran', c: 'ran', d: 'ran', alone: 'unchanged' });
    expect(repo.dvc('status')).toContain('up to date');
  });

  test('data that was changed is recorded, data that is gone is named', async () => {
    repo.write('dvc.yaml', lines('stages:', '  a: {cmd: cat data > a, deps: [data], outs: [a]}'));
    repo.write('data', '1');
    repo.dvc('add', '-q', 'data');
    await repro();
    repo.write('data', '2');
    expect(await outcomes()).toEqual({ 'data.dvc': 'recorded', a: 'ran' });
    expect(repo.dvc('status')).toContain('up to date');
    rmSync(join(repo.root, 'data'));
    const refused = await repo.ours(['repro']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('data.dvc failed: its data data is missing');
    expect(refused.err).toContain('capstan checkout data');
  });
});

describe('failures', () => {
  function writeFan(): void {
    repo.write(
      'dvc.yaml',
      lines(
        'stages:',
        '  bad: {cmd: echo half > bad; echo why >&2; exit 3, outs: [bad]}',
        '  after: {cmd: cat bad > after, deps: [bad], outs: [after]}',
        '  good: {cmd: echo 1 > good, outs: [good]}',
      ),
    );
  }

  test('stop what has not started, and say why', async () => {
    writeFan();
    const { code, err } = await repo.ours(['repro']);
    expect(code).toBe(1);
    expect(err).toContain('bad failed: it ended with exit code 3: why');
    expect(existsSync(join(repo.root, 'good'))).toBe(false);
    expect(existsSync(join(repo.root, 'dvc.lock'))).toBe(false);
  });

  test('stop only what depends on them, or nothing', async () => {
    writeFan();
    expect(await outcomes('-k')).toEqual({ bad: 'failed', after: 'skipped', good: 'ran' });
    expect(Object.keys((repo.readYaml('dvc.lock') as { stages: object }).stages)).toEqual(['good']);
    expect(await outcomes('--ignore-errors')).toEqual({ bad: 'failed', after: 'ran', good: 'unchanged' });
  });

  test.each([
    [
      'a cycle',
      ['a: {cmd: x, deps: [b], outs: [a]}', 'b: {cmd: x, deps: [a], outs: [b]}'],
      'wait for each other: dvc.yaml:a → dvc.yaml:b → dvc.yaml:a',
    ],
    [
      'two that write one path',
      ['a: {cmd: x, outs: [o]}', 'b: {cmd: x, outs: [o/in]}'],
      "'o/in' of dvc.yaml:b lies in the output 'o'",
    ],
    ['an output outside', ['a: {cmd: x, outs: [../o]}'], 'lies outside the repository'],
    ['an ignored output', ['a: {cmd: x, outs: [o.tmp]}'], 'left out by .dvcignore'],
    ['its own input', ['a: {cmd: x, deps: [o], outs: [o]}'], 'both an input and an output'],
    ['what Git tracks', ['a: {cmd: x, outs: [code.py]}'], "Git tracks 'code.py'"],
  ])('%s is named before anything runs', async (_, stages, words) => {
    repo.write('.dvcignore', '*.tmp\n');
    repo.write('code.py', '1\n');
    repo.git('add', 'code.py');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  first: {cmd: touch first, outs: [first]}', ...stages.map((each) => `  ${each}`)),
    );
    const { code, err, out } = await repo.ours(['repro']);
    expect(code).not.toBe(0);
    expect(out).toBe('');
    expect(err).toContain(words);
    expect(existsSync(join(repo.root, 'first'))).toBe(false);
  });

  test.each([
    ['a missing input', '{cmd: x, deps: [nowhere], outs: [o]}', 'its input nowhere is missing'],
    ['a missing parameter', '{cmd: x, params: [none], outs: [o]}', "'none'"],
    ['an output that was not written', '{cmd: "true", outs: [o]}', 'it did not write its output o'],
    ['a folder that is not there', '{cmd: "true", wdir: w, outs: [o]}', 'does not exist'],
  ])('%s fails the stage', async (_, stage, words) => {
    repo.write('params.yaml', 'a: 1\n');
    repo.write('dvc.yaml', lines('stages:', `  bad: ${stage}`));
    const { code, err } = await repo.ours(['repro']);
    expect(code).toBe(1);
    expect(err).toContain(words);
    expect(existsSync(join(repo.root, 'dvc.lock'))).toBe(false);
  });

  test('what changed while a stage ran is not taken for what it read', async () => {
    repo.write('code.py', 'v1\n');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  a: {cmd: cat code.py > a; echo v2 > code.py, deps: [code.py], outs: [a]}'),
    );
    const { err, code } = await repo.ours(['repro']);
    expect(code).toBe(0);
    expect(err).toContain('code.py changed while the stage ran');
    expect(repo.dvc('status')).toContain('code.py');
  });

  test('files that come into a folder count as the command’s own, as for dvc', async () => {
    repo.write('src/code.py', 'v1\n');
    repo.write(
      'dvc.yaml',
      lines('stages:', '  a: {cmd: echo 1 > src/left-by-the-command; echo 1 > a, deps: [src], outs: [a]}'),
    );
    await repro();
    expect(repo.dvc('status')).toContain('up to date');
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
  await repro();
  expect(lstatSync(join(repo.root, 'grows')).nlink).toBeGreaterThan(1);
  repo.write('src', '2\n');
  await repro();
  expect(repo.read('grows')).toBe('1\n2\n');
  expect(repo.dvc('status')).toContain('up to date');
  const cached = repo.run('sh', ['-c', 'for f in $(find .dvc/cache/files -type f); do md5sum < $f; echo $f; done']).out;
  for (const [, digest = '', folder = '', name = ''] of cached.matchAll(/(\w{32}) {2}-\n\S+\/(\w\w)\/(\w+)/g)) {
    expect(`${folder}${name}`).toBe(digest);
  }
});

test('the logs of the last runs are kept', async () => {
  repo.write('dvc.yaml', lines('stages:', '  a: {cmd: echo said; echo 1 > a, outs: [a]}'));
  await repro();
  const [run = ''] = readdirSync(join(repo.root, '.dvc/tmp/capstan/runs'));
  expect(repo.read(`.dvc/tmp/capstan/runs/${run}/1-a.log`)).toContain('said\n');
});
