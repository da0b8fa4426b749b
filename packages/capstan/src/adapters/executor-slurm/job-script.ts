import type { ExecutionSpec } from '#ports/executor';
import { SUPERVISION } from './supervision.ts';

/** Set in the environment of every command, so that its processes are known wherever they have moved themselves. */
const ATTEMPT_MARKER = 'CAPSTAN_ATTEMPT_ID';
/** What Slurm tells a job of the accelerators that are its own. */
const ACCELERATOR_VARIABLES = ['CUDA_VISIBLE_DEVICES', 'ROCR_VISIBLE_DEVICES', 'ZE_AFFINITY_MASK'];
const MS_PER_TICK = 10;
/** In hundredths of a second; bash counts in 64 bits. */
const FOR_EVER = 1e15;

/** Any text as one word of a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const ticks = (ms: number): number => Math.min(FOR_EVER, Math.ceil(ms / MS_PER_TICK));

/**
 * What Slurm itself is given: it finds the script of the attempt in its folder, or, when that is gone, runs nothing.
 * The script with the command and its environment stays out of Slurm's own files and its accounting.
 */
export function submittedScript(folder: string): string {
  return `#!/bin/bash\nexec /bin/bash ${quote(`${folder}/job`)}\n`;
}

/**
 * The script of an attempt, for bash 4 or later on a Linux node. It starts the command once and never again, samples
 * what it uses, keeps its time limit, ends it on TERM or when the folder of the attempt is gone, leaves no process of
 * it, and says how it went in `end` of the folder.
 */
export function attemptScript(spec: ExecutionSpec, folder: string): string {
  const variables = Object.entries({ ...spec.env, [ATTEMPT_MARKER]: spec.attemptId });
  const passedOn = (spec.resources?.gpus ? ACCELERATOR_VARIABLES : []).filter((name) => !(name in spec.env));
  const environment = [
    ...variables.map(([name, value]) => quote(`${name}=${value}`)),
    ...passedOn.map((name) => `\${${name}+"${name}=$${name}"}`),
  ];
  return `#!/bin/bash
folder=${quote(folder)}
log=${quote(spec.logFile)}
cwd=${quote(spec.cwd)}
mark=${quote(`${ATTEMPT_MARKER}=${spec.attemptId}`)}
timeout=${ticks(spec.timeoutMs)}
grace=${ticks(spec.graceMs)}
start_command() {
  exec setsid env -i -- ${environment.join(' ')} /bin/sh -c ${quote(spec.command)}
}
${SUPERVISION}`;
}
