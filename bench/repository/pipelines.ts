import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../measure.ts';
import { compare, tellAlone, tellRatio, type Bench, type Peer } from './peers.ts';

const STAGES = 50;
const SLEEPERS = 6;
const commandOf = (index: number): string => `echo ${index} > out${index}.txt`;

/** Reproduction of stages that do next to nothing: what is left is what it costs to run a stage. */
export function benchPipelines(bench: Bench): void {
  const scratch: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  let peers = bench.checkouts();
  for (let round = 0; round < bench.rounds; round++) {
    if (round > 0) peers = bench.checkouts();
    for (const peer of peers) writeStages(peer);
    const [ours, theirs] = peers;
    scratch.ours.push(ours.run('repro').seconds);
    scratch.theirs.push(theirs.run('repro').seconds);
  }
  tellRatio(`repro of ${STAGES} trivial stages from scratch`, median(scratch.ours), median(scratch.theirs), '≥ 10×');
  const often = { rounds: bench.rounds, peers };
  compare('repro with nothing to do', '≥ 5×', { ...often, args: ['repro'] });
  compare('status of the stages', '≥ 4×', { ...often, args: ['status'] });
  const nothing = median(times(bench.rounds, () => peers[0].run('repro').seconds));
  const shells = median(times(bench.rounds, () => shellSeconds(peers[0])));
  const perStage = ((median(scratch.ours) - nothing - shells) / STAGES) * 1_000;
  tellAlone('what a stage costs beside its command', `${perStage.toFixed(1)} ms`, '≤ 5 ms');
  benchSleepers(bench);
}

/** Stages that only wait: two at once take half of the time, whatever the machine. */
function benchSleepers(bench: Bench): void {
  const peers = bench.checkouts();
  for (const { root } of peers) {
    const stages = Array.from({ length: SLEEPERS }, (_, index) =>
      stageText(index, `sleep 1 && ${commandOf(index)}`, []),
    );
    writeFileSync(join(root, 'dvc.yaml'), `stages:\n${stages.join('')}`);
  }
  const [ours, theirs] = peers;
  const serial = ours.run('repro', '--force', '--no-run-cache').seconds;
  const parallel = ours.run('repro', '--force', '--no-run-cache', '-j', '2').seconds;
  tellRatio(`repro -j 2 of ${SLEEPERS} stages that sleep 1 s`, parallel, theirs.run('repro').seconds, '≥ 2×');
  tellAlone('its share of the time of -j 1', (parallel / serial).toFixed(2), '-');
}

function writeStages({ root }: Peer): void {
  const stages = Array.from({ length: STAGES }, (_, index) => {
    writeFileSync(join(root, `in${index}.txt`), `in ${index}\n`);
    return stageText(index, commandOf(index), [`in${index}.txt`]);
  });
  writeFileSync(join(root, 'dvc.yaml'), `stages:\n${stages.join('')}`);
}

function stageText(index: number, command: string, inputs: readonly string[]): string {
  const deps = inputs.length === 0 ? '' : `    deps: [${inputs.join(', ')}]\n`;
  return `  s${index}:\n    cmd: ${command}\n${deps}    outs: [out${index}.txt]\n`;
}

/** The commands by themselves, by the shell that runs them. */
function shellSeconds({ root }: Peer): number {
  const shell = process.env['SHELL'] ?? '/bin/sh';
  const before = performance.now();
  for (let index = 0; index < STAGES; index++) spawnSync(shell, ['-c', commandOf(index)], { cwd: root });
  return (performance.now() - before) / 1_000;
}

function times(count: number, measure: () => number): number[] {
  return Array.from({ length: count }, measure);
}
