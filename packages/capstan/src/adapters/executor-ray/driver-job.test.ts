import { expect, test } from 'vitest';
import { startDriver } from './driver-job.ts';
import type { RayJob, RayJobs } from './ray-jobs.ts';

const adapter = { url: 'http://127.0.0.1:1', token: 't', lostAfterMs: 60_000, cacheBytes: 1 };

function jobsThat(says: RayJob | undefined): RayJobs {
  return {
    submit: async () => await Promise.resolve('job'),
    get: async () => await Promise.resolve(says),
    stop: async () => {},
  } as Partial<RayJobs> as RayJobs;
}

test.each([
  ['INVALID_ARGUMENT', 'FAILED', "No module named 'ray'", /No module named 'ray'/],
  ['UNAVAILABLE', undefined, '', /Ray knows it no more/],
] as const)('a driver that ends before it calls is %s', async (code, status, message, words) => {
  const gone: string[] = [];
  const job = status && ({ submission_id: 'job', status, message } as unknown as RayJob);
  const driver = await startDriver(jobsThat(job), adapter, {}, { gone: (reason) => gone.push(reason), answer() {} });
  await expect(driver.ready).rejects.toMatchObject({
    code,
    message: expect.stringMatching(words),
    field: 'rayAddress',
  });
  expect(gone).toHaveLength(1);
  expect(driver.isGone).toBe(true);
});
