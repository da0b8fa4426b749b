import { readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { createExecutorLocal } from '#adapters/executor-local';
import type { Executor } from '#ports/executor';
import type { Config } from '../config.ts';
import { rayOf } from './ray.ts';
import { slurmOf } from './slurm.ts';
import { LOCAL_EXECUTOR, type Capacity, type Executors } from '#model/pipelines';

/** Where stages may run, by the name that `executor` of capstan.yaml has for it: this machine, and what is configured. */
export function createExecutors(config: Config): { readonly executors: Executors; close(): Promise<void> } {
  const ray = rayOf(config, config.data);
  const executors = new Map<string, Executor>([[LOCAL_EXECUTOR, createExecutorLocal()]]);
  if (ray) executors.set('ray', ray);
  if (config.slurm) executors.set('slurm', slurmOf(config));
  return { executors, close: async () => await ray?.close() };
}

/** What stages may take of this machine. */
export function capacityOf(stageSlots: number | null): Capacity {
  return { cpus: stageSlots ?? availableParallelism(), gpus: countGpus(), memoryBytes: totalmem() };
}

/** NVIDIA's driver has a device file for each. */
function countGpus(): number {
  try {
    return readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
  } catch {
    return 0;
  }
}
