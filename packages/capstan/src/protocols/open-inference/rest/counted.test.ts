import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestingPlane, type TestingPlane } from '#protocols/testing';

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({ sums: 'two-inputs' });
});
afterAll(() => served?.stop());

const body = JSON.stringify({
  inputs: [
    { name: 'features', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    { name: 'offset', datatype: 'FP32', shape: [2, 1], data: [10, 20] },
  ],
});

async function statusOf(path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const answer = await fetch(`${served.url}/v2/models/sums${path}`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  return answer.status;
}

/** Samples that are not 0, as `label/label value`. */
function told(name: string, suffix = ''): string[] {
  const family = served.plane.metrics().find((one) => one.name === name);
  return (family?.samples ?? [])
    .filter((sample) => (sample.suffix ?? '') === suffix && sample.value !== 0)
    .map(({ labels, value }) => `${Object.values(labels ?? {}).join('/')} ${value}`);
}

test('answers are counted by revision and role, and what is refused for want of time by deployment', async () => {
  expect(await statusOf('/infer')).toBe(200);
  expect(await statusOf('/versions/1/infer')).toBe(200);
  expect(await statusOf('/infer', { 'x-request-timeout-ms': '0.000001' })).toBe(429);
  expect(await statusOf('/versions/2/infer')).toBe(404);
  expect(told('capstan_predictions_total')).toEqual(['sums/1/champion/ok 2', 'sums/1/direct/ok 2']);
  expect(told('capstan_prediction_duration_seconds', '_count')).toEqual(['sums/1/champion 1', 'sums/1/direct 1']);
  expect(told('capstan_request_duration_seconds', '_count')).toEqual(['sums 2']);
  expect(told('capstan_requests_refused_total')).toEqual(['sums/resource_exhausted 1']);
  expect(told('capstan_batch_rows', '_sum')).toEqual(['sums/1 4']);
  expect(told('capstan_rows_in_hand')).toEqual([]);
});

test('a log of calls is told who answered how many rows, and nothing of what they were', async () => {
  const before = served.calls.length;
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(await statusOf('/infer', { traceparent })).toBe(200);
  expect(await statusOf('/infer', { 'x-request-timeout-ms': '0.000001' })).toBe(429);
  await fetch(`${served.url}/v2/models/somebody%22s/infer`, { method: 'POST', body });
  await expect.poll(() => served.calls.length).toBe(before + 3);
  const [answered, refused, unknown] = served.calls.slice(before);
  const route = '/v2/models/:model/infer';
  const logged = await served.logged();
  expect(answered).toMatchObject({ protocol: 'rest', method: 'POST', route, status: 200, traceparent });
  expect(answered).toMatchObject({ bytesIn: body.length, remoteAddress: '127.0.0.1' });
  expect(answered?.notes).toEqual({
    deployment: 'sums',
    revisions: [1],
    rows: 2,
    predictionId: `${logged.at(-1)?.request}-0`,
  });
  expect(answered?.bytesOut).toBeGreaterThan(100);
  const nobody = { deployment: 'sums', revisions: [], rows: null, predictionId: null };
  expect(refused).toMatchObject({ route, status: 429, notes: nobody });
  expect(unknown).toMatchObject({ route, status: 404, notes: null });
});
