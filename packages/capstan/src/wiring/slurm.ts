import { createExecutorSlurm } from '#adapters/executor-slurm';
import type { Executor } from '#ports/executor';
import type { Config } from '../config.ts';

/** The Slurm cluster that this machine submits to, as it is configured. Nothing is asked of it before a command is. */
export function slurmOf(config: Pick<Config, 'slurmPartition' | 'slurmAccount' | 'slurmQos'>): Executor {
  return createExecutorSlurm({
    ...(config.slurmPartition !== null && { partition: config.slurmPartition }),
    ...(config.slurmAccount !== null && { account: config.slurmAccount }),
    ...(config.slurmQos !== null && { qos: config.slurmQos }),
  });
}
