// A replica that is told to answer a deployment no more: every protocol over HTTP refuses that one, and readiness says so.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestingPlane, type TestingPlane } from '../testing.ts';

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({ sum: 'two-inputs', other: 'two-inputs' });
});
afterAll(() => served?.stop());

const tensors = {
  inputs: [
    { name: 'features', datatype: 'FP32', shape: [1, 3], data: [1, 1, 1] },
    { name: 'offset', datatype: 'FP32', shape: [1, 1], data: [1] },
  ],
};

async function ask(path: string, body?: object) {
  const response = await fetch(served.url + path, {
    method: body ? 'POST' : 'GET',
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, wait: response.headers.get('retry-after'), text: await response.text() };
}

const asked = (name: string) => [
  ask(`/v2/models/${name}/infer`, tensors),
  ask(`/models/${name}/invocations`, { inputs: { features: [[1, 1, 1]], offset: [[1]] } }),
  ask(`/models/${name}/predict`, { features: [1, 1, 1], offset: 1 }),
];
const statuses = async (name: string) => (await Promise.all(asked(name))).map(({ status }) => status);
const ready = async (path: string) => (await ask(path)).status;

test('its deployment is refused with the reason and when to ask again, others are answered, and so is it later', async () => {
  expect(await statuses('sum')).toEqual([200, 200, 200]);
  const reason = 'its revision 1 is of other files';
  await served.withhold({ deployments: [{ deployment: 'sum', reason }], leavesPort: false });
  for (const { status, wait, text } of await Promise.all(asked('sum'))) {
    expect([status, wait]).toEqual([503, '1']);
    expect(text).toContain(`does not answer for sum, since it differs: ${reason}`);
  }
  expect(await statuses('other')).toEqual([200, 200, 200]);
  const isReady = () =>
    Promise.all(['/v2/health/live', '/v2/health/ready', '/v2/models/sum/ready', '/v2/models/other/ready'].map(ready));
  expect(await isReady()).toEqual([200, 503, 503, 200]);
  // What gRPC's ServerReady and grpc.health.v1 say.
  expect(served.plane.isReady()).toBe(false);
  const shown = served.plane.metrics().find(({ name }) => name === 'capstan_deployment_ready')?.samples;
  expect(shown?.map(({ labels, value }) => [labels?.['deployment'], value])).toEqual([
    ['sum', 0],
    ['other', 1],
  ]);
  await served.withhold(undefined);
  expect(await statuses('sum')).toEqual([200, 200, 200]);
  expect(await isReady()).toEqual([200, 200, 200, 200]);
});
