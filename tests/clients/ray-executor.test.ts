// Commands on a real Ray cluster of two nodes, with its token on.
import { afterAll, beforeAll } from 'vitest';
import { createExecutorRay, type ExecutorRay } from '../../packages/capstan/src/adapters/executor-ray/index.ts';
import { describeExecutor } from '../../packages/capstan/src/ports/executor.contract.ts';
import { findRay } from '../support/python.ts';
import { startRayCluster, type RayCluster } from '../support/ray-cluster.ts';

let cluster: RayCluster;
let executor: ExecutorRay;

beforeAll(async () => {
  cluster = await startRayCluster(await findRay(), 4);
  executor = createExecutorRay({ address: cluster.address, token: cluster.token, owner: 'test', lostAfterMs: 3000 });
}, 300_000);

afterAll(async () => {
  await executor?.close();
  await cluster?.stop();
});

describeExecutor('ray', async () => ({ executor, measuresUse: true }));
