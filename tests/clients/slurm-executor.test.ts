// The contract of executors on a real Slurm cluster of one node, and what Slurm alone does. Skipped where there is none.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExecutorSlurm } from '../../packages/capstan/src/adapters/executor-slurm/index.ts';
import { describeExecutor, isRunning } from '../../packages/capstan/src/ports/executor.contract.ts';
import { ensureSlurm } from '../../tools/tasks/ensure-slurm.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';

const found = await ensureSlurm().then(
  (root) => ({ root, lacks: undefined }),
  (error: unknown) => ({ root: '', lacks: error instanceof Error ? error.message : String(error) }),
);

describe.skipIf(found.lacks)(`Slurm${found.lacks ? `: skipped, ${found.lacks}` : ''}`, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurmCluster(found.root);
  });
  afterAll(() => cluster.stop());

  describeExecutor('Slurm', async () => ({
    executor: createExecutorSlurm({ environment: cluster.environment }),
    measuresUse: true,
  }));
});
