import { readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { createExecutorLocal } from '#adapters/executor-local';
import { LOCAL_EXECUTOR, type Capacity, type Executors } from '#model/pipelines';

/** Where stages may run, by the name that `executor` of capstan.yaml has for it: this machine, and what is configured. */
export function createExecutors(): Executors {
  return new Map([[LOCAL_EXECUTOR, createExecutorLocal()]]);
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
