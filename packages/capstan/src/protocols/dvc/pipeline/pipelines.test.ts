import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ParamValue, PipelineDefinition, Plot, PlotAxis, Stage } from '#kernel/pipeline-definition';
import { createDvcFormat, readPipelineFile } from '../index.ts';
import { pythonJson } from '../text/python-json.ts';
import { readJson, type Values } from '../text/value-files.ts';

const vectors = readJson(
  readFileSync(new URL('../golden/pipelines.json', import.meta.url), 'utf8'),
  'pipelines',
) as Values;
/** What dvc reads at first, and refuses when it makes a stage of it. */
const REFUSED_LATER = /cmd: \$\{flag\}/;

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'capstan-dvc-'));
  folder = join(root, 'sub');
  await mkdir(join(folder, 'w'), { recursive: true });
  await writeFile(join(folder, 'w/v.yaml'), 'fromfile: yes it is\n');
  await writeFile(join(folder, 'params.yaml'), vectors.get('params') as string);
});
afterEach(() => rm(root, { recursive: true }));

async function read(text: string): Promise<PipelineDefinition> {
  await writeFile(join(folder, 'dvc.yaml'), text);
  return await readPipelineFile({ folder, shownAs: 'sub/dvc.yaml', foldersAbove: 1 });
}

function part<Value>(value: Values, name: string, otherwise: Value): Value {
  return (value.get(name) as Value | undefined) ?? otherwise;
}

/** A stage in the words of dvc.yaml. */
function written(stage: Stage): Record<string, unknown> {
  return {
    cmd: stage.command,
    ...(stage.description !== undefined && { desc: stage.description }),
    ...(stage.workingDirectory !== '.' && { wdir: stage.workingDirectory }),
    ...(stage.inputs.length > 0 && { deps: stage.inputs.map((input) => input.path) }),
    ...(stage.isFrozen && { frozen: true }),
  };
}

function expected(stage: Values): Record<string, unknown> {
  const deps = stage.get('deps') as readonly string[] | undefined;
  return {
    cmd: stage.get('cmd'),
    ...(stage.has('desc') && { desc: stage.get('desc') }),
    ...(stage.has('wdir') && { wdir: stage.get('wdir') }),
    ...(deps && { deps: deps.toSorted() }),
    ...(stage.has('frozen') && { frozen: true }),
  };
}

function outputPaths(stage: Values): string[] {
  const items = ['outs', 'metrics', 'plots'].flatMap((section) => part<readonly ParamValue[]>(stage, section, []));
  return items.flatMap((item) => (item instanceof Map ? [...(item as Values).keys()].map(String) : [item as string]));
}

function axis(axes: readonly PlotAxis[]): ParamValue | undefined {
  if (axes.length === 0) return undefined;
  const fields = ({ fields: all }: PlotAxis): ParamValue => (all.length === 1 ? (all[0] ?? '') : [...all]);
  if (axes.some((each) => each.file === undefined)) return axes[0] && fields(axes[0]);
  return new Map(axes.map((each) => [each.file ?? '', fields(each)]));
}

function writtenPlot(plot: Plot): ParamValue {
  const pairs: [string, ParamValue | undefined][] = [
    ['x', axis(plot.x)],
    ['y', axis(plot.y)],
    ['x_label', plot.xLabel],
    ['y_label', plot.yLabel],
    ['title', plot.title],
    ['template', plot.template],
  ];
  const given = pairs.filter((pair): pair is [string, ParamValue] => pair[1] !== undefined);
  return given.length === 0 ? plot.id : new Map([[plot.id, new Map(given)]]);
}

/** A plot without any property may be written in two ways. */
function plainPlots(plots: readonly ParamValue[]): ParamValue[] {
  return plots.flatMap((plot) =>
    plot instanceof Map
      ? [...(plot as Values)].map(([id, value]) => (value === null ? id : new Map([[id, value]])))
      : [plot],
  );
}

describe('a dvc.yaml', () => {
  const cases = (vectors.get('cases') as readonly Values[]).map(
    (each) => [each.get('text') as string, each.get('read') as Values | null] as const,
  );
  it.each(cases)('is read, or refused, as dvc does: %j', async (text, resolved) => {
    if (!resolved || REFUSED_LATER.test(text)) {
      await expect(read(text)).rejects.toThrow(/^sub\/dvc\.yaml:\d+:\d+: /);
      return;
    }
    const definition = await read(text);
    const stages = part<Values>(resolved, 'stages', new Map());
    expect(definition.stages.map((stage) => stage.name)).toEqual([...stages.keys()]);
    for (const stage of definition.stages) {
      const ofDvc = stages.get(stage.name) as Values;
      expect(written(stage)).toEqual(expected(ofDvc));
      expect(stage.outputs.map((output) => output.path)).toEqual(outputPaths(ofDvc));
      expect(stage.group).toBe(stage.name.includes('@') ? stage.name.split('@')[0] : undefined);
    }
    expect(pythonJson(definition.plots.map(writtenPlot))).toBe(pythonJson(plainPlots(part(resolved, 'plots', []))));
    expect(definition.metrics.map((each) => each.path)).toEqual(part(resolved, 'metrics', []));
    expect(definition.params.map((each) => each.path)).toEqual(part(resolved, 'params', []));
    const artifacts = definition.artifacts.map(
      ({ name, path, type, description, labels, meta }): [string, ParamValue] => [
        name,
        new Map<string, ParamValue>([
          ['path', path],
          ...(type === undefined ? [] : [['type', type] as const]),
          ...(description === undefined ? [] : [['desc', description] as const]),
          ...(labels.length === 0 ? [] : [['labels', labels] as const]),
          ...(meta === null ? [] : [['meta', meta] as const]),
        ]),
      ],
    );
    expect(pythonJson(new Map(artifacts))).toBe(pythonJson(part(resolved, 'artifacts', new Map())));
    const datasets = definition.datasets.map((each) => new Map(Object.entries(each)));
    expect(pythonJson(datasets)).toBe(pythonJson(part(resolved, 'datasets', [])));
  });

  it('in a folder of the repository names files above it, and marks what is no file of it', async () => {
    const { stages } = await read(
      'stages:\n  s:\n    cmd: x\n    wdir: w\n    deps: [s3://bucket/x, ds://d, /abs, ../../../far, ../../up, in]\n    outs: [../../o]\n',
    );
    expect(stages[0]?.inputs.map(({ file, outside }) => [file, outside])).toEqual([
      ['../../far', 'path'],
      ['../up', undefined],
      ['/abs', 'path'],
      ['ds://d', 'dataset'],
      ['w/in', undefined],
      ['s3://bucket/x', 'address'],
    ]);
    expect(stages[0]?.outputs[0]).toMatchObject({ path: '../../o', file: '../o' });
    await expect(read('stages:\n  s:\n    cmd: x\n    wdir: ../..\n')).rejects.toThrow(
      /^sub\/dvc\.yaml:4:5: .*leads out/,
    );
  });

  it('says where an output goes and how a plot is drawn', async () => {
    const { stages } = await read(
      'stages:\n  s:\n    cmd: x\n    outs: [{o: {push: false, remote: r, checkpoint: true}}]\n    plots: [{p: [{x: a, header: false}]}, {p: {x_label: l}}]\n',
    );
    expect(stages[0]?.outputs).toMatchObject([
      { path: 'o', isPushed: false, remote: 'r' },
      { path: 'p', drawings: [{ x: 'a', hasHeader: false }, { xLabel: 'l' }] },
    ]);
  });

  it('turns maps into options of a command as the repository is set to', async () => {
    await writeFile(join(folder, 'dvc.yaml'), 'stages:\n  s:\n    cmd: x ${opts}\n');
    const parsing = { bool: 'boolean_optional', list: 'append' } as const;
    const { stages } = await readPipelineFile({ folder, foldersAbove: 0, parsing });
    expect(stages[0]?.command).toBe(
      `x --lr 0.1 --on --no-off --list 1 --list 'a b' --list True --deep.x 'it'"'"'s' --deep.none None`,
    );
  });

  it('may have no stages, and metrics that no stage writes', async () => {
    expect(await read('metrics: [m.json]\n')).toMatchObject({ stages: [], metrics: [{ file: 'm.json' }] });
  });

  it('is refused where two stages get one name', async () => {
    await expect(read('stages:\n  a@1: {cmd: x}\n  a:\n    foreach: [1]\n    do: {cmd: x}\n')).rejects.toThrow(
      /^sub\/dvc\.yaml:3:3: there are two stages named 'a@1'/,
    );
  });

  it('does not stand for millions of stages', async () => {
    const list = `[${Array.from({ length: 400 }, (_, index) => index).join(', ')}]`;
    await expect(read(`stages:\n  a:\n    cmd: x\n    matrix: {a: ${list}, b: ${list}}\n`)).rejects.toThrow(
      /stands for more than/,
    );
  });
});

it('a value given for a run is no shell code when it comes as an item either', async () => {
  await writeFile(join(folder, 'params.yaml'), 'list: [a]\nmap: {k: {v: a}}\n');
  const yaml = (from: string, use: string) => `stages:\n  a:\n    foreach: ${from}\n    do:\n      cmd: echo ${use}\n`;
  const format = createDvcFormat();
  for (const [from, use, key, value] of [
    ['${list}', '${item}', 'list', ['$(x)']],
    ['${list}', '${item}', 'list.0', '$(x)'],
    ['${map}', '${item.v}', 'map.k.v', '$(x)'],
    ['${map}', '${key}', 'map', { '$(x)': { v: 'a' } }],
  ] as const) {
    await writeFile(join(folder, 'dvc.yaml'), yaml(from, use));
    await expect(format.read(folder, { 'params.yaml': { [key]: value } })).rejects.toThrow('goes into a shell command');
    await expect(format.read(folder)).resolves.toBeDefined();
  }
});
