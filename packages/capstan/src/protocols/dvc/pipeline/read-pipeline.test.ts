import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDvcFormat } from '../index.ts';

const format = createDvcFormat();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-dvc-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(dvcYaml: string, params?: string, overrides = {}) {
  await writeFile(join(folder, 'dvc.yaml'), dvcYaml);
  if (params !== undefined) await writeFile(join(folder, 'params.yaml'), params);
  return await format.read(folder, overrides);
}

function stage(...lines: string[]): string {
  return ['stages:', '  a:', ...lines.map((line) => `    ${line}`), ''].join('\n');
}

describe('dvc.yaml that is refused', () => {
  it.each([
    ['an unknown key at the top', 'stage:\n  a: {cmd: x}\n', 'dvc.yaml:1:1', 'Did you mean stages?'],
    ['an unknown key of a stage', stage('cmd: x', 'outz: [o]'), 'dvc.yaml:4:5', 'Did you mean outs?'],
    [
      'an unknown option of an output',
      stage('cmd: x', 'outs:', '- o:', '    cach: false'),
      'dvc.yaml:6:9',
      'Did you mean cache?',
    ],
    ['a stage without command', stage('deps: [x]'), 'dvc.yaml:2:3', undefined],
    ['an empty command', stage('cmd: "\\n"'), 'dvc.yaml:3:5', undefined],
    ['a command that is a number', stage('cmd: 3'), 'dvc.yaml:3:5', 'Quote it.'],
    ['deps that are no list', stage('cmd: x', 'deps: y'), 'dvc.yaml:4:5', undefined],
    ['a flag that is text', stage('cmd: x', 'frozen: yes'), 'dvc.yaml:4:5', undefined],
    ['no stages', 'vars: []\n', 'dvc.yaml:1:1', undefined],
    ['a path out of the project', stage('cmd: x', 'deps:', '- ../x'), 'dvc.yaml:5:7', undefined],
    ['an absolute path', stage('cmd: x', 'outs:', '- /x'), 'dvc.yaml:5:7', undefined],
    ['an address', stage('cmd: x', 'deps:', '- s3://bucket/x'), 'dvc.yaml:5:7', undefined],
    ['an output over dvc’s own files', stage('cmd: x', 'outs:', '- .dvc/cache'), 'dvc.yaml:5:7', undefined],
    ['an unknown value', stage('cmd: echo ${lrr}'), 'dvc.yaml:3:5', 'Did you mean ${lr}?'],
    ['an expression that is none', stage('cmd: echo ${a + b}', 'desc: ${lr[}'), 'dvc.yaml:3:5', undefined],
    ['a list in text', stage('cmd: x', 'deps:', '- d/${list}'), 'dvc.yaml:4:5', undefined],
    ['a value defined twice', `vars: [{lr: 2}]\n${stage('cmd: x')}`, 'dvc.yaml:1:8', undefined],
    ['templating in vars', `vars: [{x: "\${lr}"}]\n${stage('cmd: x')}`, 'dvc.yaml:1:8', undefined],
    ['a metrics file nobody writes', `metrics: [m.json]\n${stage('cmd: x')}`, 'dvc.yaml:1:11', undefined],
  ])('%s', async (_case, yaml, field, hint) => {
    const failure = await read(yaml, 'lr: 1\nlist: [1]\n').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', field, ...(hint && { hint }) });
    expect((failure as Error).message.startsWith(`${field}: `)).toBe(true);
  });

  it('datasets of dvc.yaml as inputs, which are not offered yet', async () => {
    const failure = await read(stage('cmd: x', 'deps:', '- ds://d')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'NOT_IMPLEMENTED', field: 'dvc.yaml:5:7' });
  });

  it('patterns of .dvcignore, but not the comments that dvc init writes', async () => {
    await writeFile(join(folder, '.dvcignore'), '# Add patterns of files dvc should ignore\n\n');
    await read(stage('cmd: x'));
    await writeFile(join(folder, '.dvcignore'), '# one\n*.tmp\n');
    await expect(read(stage('cmd: x'))).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED', field: '.dvcignore:2' });
  });
});

describe('values a caller gives for a run', () => {
  const yaml = stage('cmd: echo ${name} ${nest.x}');
  const params = (name: string) => `name: ${JSON.stringify(name)}\nnest: {x: "a;b"}\n`;
  const overrides = (name: string) => ({ 'params.yaml': { name } });

  it.each(['$(touch canary)', 'a;b', '`id`', 'a\nb', "it's", 'a|b', 'a > b', '$HOME'])(
    'cannot be shell code: %j',
    async (name) => {
      const given = await read(yaml, params('x'), overrides(name)).catch((error: unknown) => error);
      expect(given).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'dvc.yaml:3:5' });
      // The same text in the project's own file is the project's own code.
      await expect(read(yaml, params(name))).resolves.toBeDefined();
    },
  );

  it('can be words', async () => {
    const { stages } = await read(yaml, params('x'), overrides('model v1.2'));
    expect(stages[0]?.command).toBe('echo model v1.2 a;b');
  });
});

it('a value for a run that the project does not declare is refused before anything runs', async () => {
  const given = await read(stage('cmd: x'), 'lr: 1\n', { 'params.yaml': { rl: 2 } }).catch((error: unknown) => error);
  expect(given).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'params.params.yaml.rl', hint: 'Did you mean lr?' });
});

describe('a stage', () => {
  it('has its paths relative to its working directory, and to the project', async () => {
    const { stages } = await read(
      stage(
        'cmd: x',
        'wdir: work/${sub}',
        'deps: [../../data, in.txt]',
        'params: [../p.yaml:, lr]',
        'outs: [out/]',
      ).replace('../p.yaml:,', '{../p.yaml: null},'),
      'sub: deep\n',
    );
    expect(stages[0]).toMatchObject({
      workingDirectory: 'work/deep',
      inputs: [
        { path: '../../data', file: 'data' },
        { path: 'in.txt', file: 'work/deep/in.txt' },
      ],
      params: [
        { path: '../p.yaml', file: 'work/p.yaml', keys: null },
        { path: 'params.yaml', file: 'work/deep/params.yaml', keys: ['lr'] },
      ],
      outputs: [{ path: 'out/', file: 'work/deep/out' }],
    });
  });

  it('without inputs and outputs, or always changed, runs every time', async () => {
    const { stages } = await read(
      'stages:\n  a: {cmd: x}\n  b: {cmd: x, outs: [o], always_changed: true}\n  c: {cmd: x, outs: [p], frozen: true}\n',
    );
    expect(stages.map((each) => [each.isAlwaysRun, each.isFrozen])).toEqual([
      [true, false],
      [true, false],
      [false, true],
    ]);
  });

  it('has outputs of three sections, repeated ones once, with their flags', async () => {
    const { stages } = await read(
      stage(
        'cmd: x',
        'outs: [b, {m.json: {persist: true}}]',
        'metrics: [m.json: {cache: false}]',
        'plots: [p.csv: [{x: a}, {x: b}]]',
      ),
    );
    expect(stages[0]?.outputs).toEqual([
      { path: 'b', file: 'b', kind: 'output', isCached: true, isPersistent: false },
      { path: 'm.json', file: 'm.json', kind: 'metrics', isCached: false, isPersistent: true },
      {
        path: 'p.csv',
        file: 'p.csv',
        kind: 'plots',
        isCached: true,
        isPersistent: false,
        drawings: [{ x: 'a' }, { x: 'b' }],
      },
    ]);
  });

  it('gets metrics files listed at the top that lie in its outputs', async () => {
    const { stages } = await read(`metrics: [live/metrics.json, o]\n${stage('cmd: x', 'outs: [live, o]')}`);
    expect(stages[0]?.metricsFiles).toEqual(['live/metrics.json', 'o']);
  });

  it('drops single keys of a parameters file that is named as a whole', async () => {
    const { stages } = await read(
      stage('cmd: x', 'params: [lr, {params.yaml: null}, {o.yaml: [b, a]}, {o.yaml: [b]}]'),
      'lr: 1\n',
    );
    expect(stages[0]?.params.map(({ path, keys }) => [path, keys])).toEqual([
      ['params.yaml', null],
      ['o.yaml', ['b', 'a']],
    ]);
  });
});
