// For tests only: opens a bench for the length of a test, and holds a project of two stages.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { PipelineRun, PipelineRunStage } from '@capstan/api';
import type { Database } from '#database';
import type { PipelinesDeps } from './index.ts';
import { benchIn, type Bench } from './testing-bench.ts';

export type { Bench } from './testing-bench.ts';

export async function openBench(database: Database, changes: Partial<PipelinesDeps> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-pipelines-'));
  const bench = await benchIn(folder, database, changes);
  onTestFinished(async () => {
    await bench.runner.stop(0);
    await rm(folder, { recursive: true, force: true });
  });
  await mkdir(bench.project, { recursive: true });
  await bench.runner.start();
  return bench;
}

/** A project whose second stage reads what the first one makes. */
export const TWO_STAGES = `
stages:
  prepare:
    desc: doubles the numbers
    cmd:
    - mkdir -p out
    - python3 prepare.py
    deps: [prepare.py, in.txt]
    params: [factor]
    outs: [out/table.txt]
  train:
    cmd: sh train.sh
    deps: [train.sh, out/table.txt]
    outs: [model]
    metrics: [metrics.json: {cache: false}]
`;

export const FILES = {
  'dvc.yaml': TWO_STAGES,
  'params.yaml': 'factor: 2  # of all numbers\n',
  'in.txt': '1\n2\n3\n',
  'prepare.py': `import re
factor = int(re.search(r'factor: (\\d+)', open('params.yaml').read()).group(1))
open('out/table.txt', 'w').write(''.join(f'{int(line) * factor}\\n' for line in open('in.txt')))
print('prepared')
`,
  'train.sh': `mkdir -p model/deep
wc -l < out/table.txt > model/weights
printf 'é' > model/deep/b
printf '{"loss": 0.5, "by": {"auc": 0.75}}' > metrics.json
env | sort
echo trained on $(cat out/table.txt)
`,
} as const;

export function stageOf(run: PipelineRun, name: string): PipelineRunStage {
  const stage = run.stages.find((each) => each.name === name);
  if (!stage) throw new Error(`no stage ${name}`);
  return stage;
}

/** Status, whether stored outputs stood in, and why, by stage. */
export function whyOf(run: PipelineRun): unknown[] {
  return run.stages.map((stage) => [stage.name, stage.status, stage.isCached, stage.why.map((reason) => reason.kind)]);
}

/** The whole log of a stage's last attempt, which must have ended. */
export async function logOf(bench: Bench, run: PipelineRun, stage: string): Promise<string> {
  const attempt = stageOf(run, stage).attempts.at(-1)?.id ?? '';
  const log = await bench.pipelines.attemptLog(attempt, { offset: 0, limitBytes: 1_000_000 });
  expect(log.isComplete).toBe(true);
  return log.text;
}
