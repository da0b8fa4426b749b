// Runs commands as Slurm jobs, by sbatch, squeue and scancel of this machine's Slurm, one job an attempt.
// The nodes must see working directories and logs under the same paths: nothing is carried, `files` needs no copying.
// Built by wiring; called by pipelines for stage attempts. Knows nothing of stages, leases or retries.
export { createExecutorSlurm, type ExecutorSlurmOptions } from './create-executor-slurm.ts';
