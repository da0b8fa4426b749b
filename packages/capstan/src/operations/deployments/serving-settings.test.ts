import {
  servingDifferences,
  servingOf,
  servingTexts,
  servingYaml,
  durationText,
  type ServingChange,
} from '@capstan/api';
import { afterAll, describe, expect, test } from 'vitest';
import { describeDatabases } from '#database/testing';
import { revisionDigest } from './model.ts';
import { checkServing } from './serving-settings.ts';
import { cause, removeFolders, setup } from './testing.ts';

afterAll(removeFolders);

const iris = { deployment: 'iris', model: 'iris' };

describeDatabases('how the model of a revision runs', (open) => {
  async function served(database: Awaited<ReturnType<typeof open>>) {
    const bench = await setup(database);
    const deploy = async (version: number, serving?: ServingChange) => {
      const { revision } = await bench.deployments.start({ ...iris, version, newInputs: true, serving }, cause);
      const [deployment] = (await bench.deployments.snapshot()).deployments;
      const settings = deployment?.routes.find((route) => route.revision === revision)?.serving;
      await bench.reportAs('r1', [
        { deployment: 'iris', revision, digest: bench.digest, ...(settings && { settings }) },
      ]);
      return (await bench.deployments.revision('iris', revision)) ?? expect.fail('no revision');
    };
    return { ...bench, deploy };
  }

  test('is part of it: data planes are told, and it is rolled back with it', async () => {
    const { deploy, deployments } = await served(await open());
    const plain = await deploy(1);
    const tuned = await deploy(1, { maxBatchSize: 64, maxQueueDelayMs: 2 });
    expect(tuned.serving).toEqual({ maxBatchSize: 64, maxQueueDelayMs: 2 });
    expect(tuned.digest).not.toBe(plain.digest);
    const routes = async () => (await deployments.snapshot()).deployments[0]?.routes.map(({ serving }) => serving);
    expect(await routes()).toEqual([{ maxBatchSize: 64, maxQueueDelayMs: 2 }]);
    await deployments.rollBack('iris', { reason: 'slower' }, cause);
    expect(await routes()).toEqual([undefined]);
  });

  test('a revision that sets nothing has the digest it always had, and its route says nothing', async () => {
    const { deploy, deployments, digest } = await served(await open());
    const { digest: found } = await deploy(1);
    const before = { model: 'iris', version: 1, modelDigest: digest, threshold: 0.5, inputAdapters: {} };
    expect(found).toBe(revisionDigest(before));
    expect((await deployments.snapshot()).deployments[0]?.routes[0]).not.toHaveProperty('serving');
  });

  test('stays as it is until it is set anew or taken back', async () => {
    const { deploy } = await served(await open());
    await deploy(1, { maxBatchSize: 64, defaultTimeoutMs: 500 });
    expect((await deploy(2)).serving).toEqual({ maxBatchSize: 64, defaultTimeoutMs: 500 });
    expect((await deploy(2, { maxBatchSize: null, maxTimeoutMs: 900 })).serving).toEqual({
      defaultTimeoutMs: 500,
      maxTimeoutMs: 900,
    });
    expect((await deploy(2, { defaultTimeoutMs: null, maxTimeoutMs: null })).serving).toEqual({});
  });

  test('is checked together with what stays, before anything changes', async () => {
    const { deploy, deployments } = await served(await open());
    await deploy(1, { maxTimeoutMs: 900 });
    await expect(deploy(1, { defaultTimeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'serving.timeout.default',
      message: 'timeout.default: 1s is longer than timeout.max, 900ms',
    });
    await expect(deploy(1, { workers: 2 })).rejects.toMatchObject({
      field: 'serving.instance_group.count',
      message: expect.stringContaining('python_function'),
    });
    expect(await deployments.revisions('iris')).toHaveLength(1);
  });

  test('is what the project declares, where one does', async () => {
    const { deployments, start, report } = await setup(await open(), { serving: { maxBatchSize: 8 } });
    await start(1, { baselineProbability: 0.2 });
    await report([1]);
    expect(await deployments.revision('late-arrival', 1)).toMatchObject({ serving: { maxBatchSize: 8 } });
    await expect(start(2, { serving: { maxBatchSize: 9 } })).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'serving',
      hint: expect.stringContaining('capstan.yaml'),
    });
  });

  test('a replica that runs it otherwise does not serve the revision', async () => {
    const { deployments, digest, reportAs } = await setup(await open());
    await deployments.start({ ...iris, version: 1, serving: { maxBatchSize: 8 } }, cause);
    await reportAs('r1', [{ deployment: 'iris', revision: 1, digest }]);
    const [rollout] = await deployments.rollouts('iris');
    expect(rollout).toMatchObject({
      state: 'rolled-back',
      reason: expect.stringContaining('runs with the settings {}, and the revision has {"maxBatchSize":8}'),
    });
  });
});

describe('settings in capstan.yaml', () => {
  const schema = servingYaml(durationText);
  const written = {
    max_batch_size: 256,
    dynamic_batching: { preferred_batch_size: [64, 128], max_queue_delay: '2ms', max_queue_size: 9_000 },
    timeout: { default: '500ms', max: '5s' },
    instance_group: { count: 2, memory: '1.5GiB' },
    response_cache: '64MiB',
    intra_op_thread_count: 2,
  };

  test('are read with their units, and told with them', () => {
    const settings = servingOf(schema.parse(written));
    expect(settings).toEqual({
      maxBatchSize: 256,
      preferredBatchSizes: [64, 128],
      maxQueueDelayMs: 2,
      maxQueueSize: 9_000,
      defaultTimeoutMs: 500,
      maxTimeoutMs: 5_000,
      workers: 2,
      workerMemoryBytes: 1.5 * 2 ** 30,
      resultCacheBytes: 64 * 2 ** 20,
      intraOpThreads: 2,
    });
    expect(servingTexts(settings).map((pair) => pair.join('='))).toEqual([
      'max_batch_size=256',
      'dynamic_batching.preferred_batch_size=64,128',
      'dynamic_batching.max_queue_delay=2ms',
      'dynamic_batching.max_queue_size=9000',
      'timeout.default=500ms',
      'timeout.max=5s',
      'instance_group.count=2',
      'instance_group.memory=1536MiB',
      'response_cache=64MiB',
      'intra_op_thread_count=2',
    ]);
  });

  test('what two revisions have otherwise is told by name, with what it was', () => {
    const before = { maxBatchSize: 8, maxQueueDelayMs: 2 };
    expect(servingDifferences(before, { maxBatchSize: 16, maxQueueDelayMs: 2, maxTimeoutMs: 1_000 })).toEqual([
      'max_batch_size 8 → 16',
      'timeout.max default → 1s',
    ]);
  });

  test.each([
    [{ dynamic_batching: { preferred_batch_size: [64] } }, 'dynamic_batching.preferred_batch_size', 'max_queue_delay'],
    [
      { max_batch_size: 8, dynamic_batching: { preferred_batch_size: [16], max_queue_delay: '1ms' } },
      'dynamic_batching.preferred_batch_size',
      '16 is more than max_batch_size, 8',
    ],
    [{ max_batch_size: 1, dynamic_batching: { max_queue_delay: '1ms' } }, 'dynamic_batching.max_queue_delay', 'leave'],
    [{ dynamic_batching: { max_queue_delay: '2h' } }, 'dynamic_batching.max_queue_delay', 'at most 60s'],
    [{ timeout: { default: '2s', max: '1s' } }, 'timeout.default', '2s is longer than timeout.max, 1s'],
    [{ instance_group: { memory: '12 parsecs' } }, 'instance_group.memory', 'write bytes, or a number with its unit'],
  ])('%j is refused at its place', (wrong, path, message) => {
    const refused = schema.safeParse(wrong);
    const issues = refused.success ? [] : refused.error.issues.map((issue) => [issue.path.join('.'), issue.message]);
    expect(issues).toEqual([[path, expect.stringContaining(message)]]);
  });

  test('threads are for ONNX models, processes for Python models', () => {
    expect(() => checkServing({ intraOpThreads: 2 }, 'python_function')).toThrow('intra_op_thread_count is for models');
    expect(() => checkServing({ workerMemoryBytes: 2 ** 30 }, 'onnx')).toThrow('instance_group.memory is for models');
    expect(() => checkServing({ workers: 2, maxBatchSize: 2 }, 'python_function')).not.toThrow();
  });
});
