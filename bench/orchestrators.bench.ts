// What a stage costs beside its shell command where a server runs and records it: Capstan's engine beside the real Dagster and
// Prefect in one run. npm run bench -- orchestrators [--stages N] [--sources], after npm run build.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createClient } from '@capstan/client';
import { findBenchPython } from '../tests/support/python.ts';
import { emptyFolder, program, startServer } from '../tests/support/server.ts';
import { installInto } from './installed.ts';
import { tell, type Figure } from './measure.ts';

const { values } = parseArgs({
  options: { stages: { type: 'string', default: '50' }, sources: { type: 'boolean', default: false } },
});
const stages = Number(values.stages);
/** Dagster starts a process for each. */
const FEW = 5;

interface Measured {
  readonly version: string;
  /** Seconds from asking to the first stage's begin. */
  readonly before: number;
  /** Seconds from there to the end of the run. */
  readonly run: number;
}

const CAPSTAN_YAML = `project: bench
pipeline: dvc.yaml
charter:
  owner: bench
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
`;

function writeProject(folder: string): void {
  const lines = Array.from({ length: stages }, (_, index) => {
    const command = `echo ${index} > out${index}`;
    return `  s${index}: {cmd: "${command}", outs: [out${index}]}`;
  });
  writeFileSync(join(folder, 'capstan.yaml'), CAPSTAN_YAML);
  writeFileSync(join(folder, 'dvc.yaml'), `stages:\n${lines.join('\n')}\n`);
}

async function runHere(): Promise<Measured> {
  const project = emptyFolder();
  writeProject(project);
  const installed = values.sources ? program : installInto(emptyFolder());
  const server = await startServer(['--no-serving', '--stage-slots', '1'], emptyFolder(), { program: installed });
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: project, CAPSTAN_URL: server.url };
    execFileSync(process.execPath, [installed, 'apply'], { cwd: project, env, stdio: 'ignore' });
    const client = createClient({ baseUrl: server.url });
    const asked = Date.now();
    const { id } = await client.pipelines.start({ params: { project: 'bench' }, body: {} });
    for (;;) {
      const run = await client.pipelines.get({ params: { run: id } });
      if (run.endedAt !== null) {
        if (run.status !== 'succeeded') throw new Error(`the pipeline ${run.status}: ${run.reason}`);
        const begun = Math.min(...run.stages.flatMap(({ attempts }) => attempts.map(({ startedAt }) => startedAt)));
        return { version: '', before: (begun - asked) / 1_000, run: (run.endedAt - begun) / 1_000 };
      }
      await sleep(50);
    }
  } finally {
    await server.stop();
  }
}

function runPeer(python: string, script: string, args: readonly string[]): Measured {
  const home = emptyFolder();
  mkdirSync(join(home, 'dagster'));
  writeFileSync(join(home, 'dagster', 'dagster.yaml'), 'telemetry: {enabled: false}\n');
  const file = fileURLToPath(new URL(`orchestrators/${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [file, ...args], {
    cwd: home,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      LANG: 'C.UTF-8',
      DAGSTER_HOME: join(home, 'dagster'),
      PREFECT_HOME: join(home, 'prefect'),
      PREFECT_LOGGING_LEVEL: 'ERROR',
      DO_NOT_TRACK: '1',
    },
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured;
}

/** Milliseconds of one command by itself. */
function shellMs(): number {
  const cwd = emptyFolder();
  const began = performance.now();
  for (let index = 0; index < stages; index++) spawnSync('sh', ['-c', `echo ${index} > out${index}`], { cwd });
  return (performance.now() - began) / stages;
}

const shell = shellMs();
const figures: Figure[] = [{ name: 'a shell command by itself', value: shell, unit: 'ms', goal: 'the limit' }];
const add = (name: string, { before, run }: Measured, count: number, goal: string): number => {
  const cost = (run * 1_000) / count - shell;
  figures.push({ name: `${name}: a stage beside its command`, value: cost, unit: 'ms', goal });
  figures.push({ name: '  from asking to the first stage', value: before, unit: 's', goal: '-' });
  return cost;
};
const ours = add('Capstan', await runHere(), stages, '≤ 5');
const python = await findBenchPython('orchestrators');
const dagster = runPeer(python, 'dagster_stages.py', [`${stages}`, 'inprocess']);
const inProcess = add(`Dagster ${dagster.version} in one process`, dagster, stages, 'a peer');
add('Dagster, a process each', runPeer(python, 'dagster_stages.py', [`${FEW}`, 'multiprocess']), FEW, 'a peer');
const prefect = runPeer(python, 'prefect_stages.py', [`${stages}`]);
const tasks = add(`Prefect ${prefect.version}`, prefect, stages, 'a peer');
figures.push(
  { name: 'Dagster in one process / Capstan', value: inProcess / ours, unit: '×', goal: '-' },
  { name: 'Prefect / Capstan', value: tasks / ours, unit: '×', goal: '-' },
);
tell(figures);
