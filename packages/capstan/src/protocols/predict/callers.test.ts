// Who may call a data plane, in each of its protocols over HTTP: tokens, policies, quotas, and what is told of it.
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Quota, ServedConsumer } from '@capstan/api';
import { sha256 } from '#kernel/digest';
import { startTestingPlane, type TestingPlane } from '#protocols/testing';

const TOKEN = `cap_${'a'.repeat(40)}`;
const OTHERS = `cap_${'b'.repeat(40)}`;

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({ sum: 'two-inputs', other: 'two-inputs' });
});
afterAll(() => served?.stop());

function consumer(name: string, token: string, change: Partial<ServedConsumer> = {}): ServedConsumer {
  const tokens = [{ id: `ct_${name}`, sha256: sha256(token), expiresAt: null }];
  return { name, deployments: ['sum'], quota: null, tokens, ...change };
}

const rows = (count: number) => ({
  inputs: [
    { name: 'features', datatype: 'FP32', shape: [count, 3], data: Array<number>(count * 3).fill(1) },
    { name: 'offset', datatype: 'FP32', shape: [count, 1], data: Array<number>(count).fill(1) },
  ],
});

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(served.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    said: JSON.parse(text) as Record<string, unknown>,
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const infer = (headers: Record<string, string> = {}, count = 1, deployment = 'sum') =>
  post(`/v2/models/${deployment}/infer`, rows(count), headers);
const scored = (headers: Record<string, string> = {}) =>
  post('/models/sum/invocations', { inputs: { features: [[1, 1, 1]], offset: [[1]] } }, headers);
const predicted = (headers: Record<string, string> = {}) =>
  post('/models/sum/predict', { features: [1, 1, 1], offset: 1 }, headers);

/** Rows that the model of `sum` was asked. */
const answered = async (): Promise<number> =>
  served.plane.statistics().find(({ deployment }) => deployment === 'sum')?.inferenceCount ?? 0;

test('while nobody is declared, headers of other uses mean nothing; a token of ours is never taken for nobody', async () => {
  for (const authorization of ['Basic dXNlcjpwYXNz', 'Bearer eyJhbGciOi.a.proxy', 'Bearer', 'whatever', '']) {
    expect((await infer({ authorization })).status).toBe(200);
  }
  expect((await infer(bearer(TOKEN))).status).toBe(401);
});

test('an open deployment answers anybody, and no token that is wrong', async () => {
  await served.allow({
    consumers: [consumer('app', TOKEN), consumer('else', OTHERS, { deployments: ['other'] })],
    declaredOnly: [],
  });
  expect((await infer()).status).toBe(200);
  expect((await infer(bearer(TOKEN))).status).toBe(200);
  expect((await infer({ authorization: `bearer  ${TOKEN} ` })).status).toBe(200);
  const before = await answered();
  const wrong = [
    `cap_${'c'.repeat(40)}`,
    TOKEN.slice(0, -1),
    `${TOKEN}a`,
    TOKEN.toUpperCase(),
    sha256(TOKEN),
    'eyJhbGciOi.a.proxy',
    `cap_${'a'.repeat(10_000)}`,
    `${TOKEN} ${TOKEN}`,
    '',
  ];
  for (const token of wrong) {
    const { status, headers, text } = await infer({ authorization: `Bearer ${token}` });
    expect([status, headers.get('www-authenticate')], token).toEqual([401, 'Bearer realm="capstan"']);
    if (token !== '') expect(text).not.toContain(token);
  }
  expect(await infer(bearer(OTHERS))).toMatchObject({
    status: 403,
    said: { error: expect.stringContaining('may not call sum') },
  });
  expect(await answered()).toBe(before);
  // What everybody may ask is told to whoever asks.
  expect((await fetch(`${served.url}/v2/models/sum`, { headers: bearer('cap_wrong') })).status).toBe(200);
});

test('one that answers consumers only asks for a token, in the words of each protocol', async () => {
  await served.allow({ consumers: [consumer('app', TOKEN)], declaredOnly: ['sum'] });
  const before = await answered();
  const hint =
    'sum answers declared consumers only. Send a token of a consumer that may call it: Authorization: Bearer TOKEN.';
  expect(await infer()).toMatchObject({ status: 401, said: { error: hint } });
  expect(await scored()).toMatchObject({ status: 401, said: { error_code: 'UNAUTHENTICATED', message: hint } });
  expect(await predicted()).toMatchObject({ status: 401, said: { code: 'UNAUTHENTICATED', status: 401 } });
  // Nor is a name in a header a token.
  expect((await infer({ 'x-capstan-actor': 'app' })).status).toBe(401);
  expect(await answered()).toBe(before);
  for (const ask of [infer, scored, predicted]) expect((await ask(bearer(TOKEN))).status).toBe(200);
  expect((await infer({}, 1, 'other')).status).toBe(200);
});

test('a token that was revoked or has expired is refused from the next snapshot on', async () => {
  await served.allow({ consumers: [consumer('app', TOKEN)], declaredOnly: [] });
  expect((await infer(bearer(TOKEN))).status).toBe(200);
  const token = { id: 'ct_app', sha256: sha256(TOKEN) };
  await served.allow({
    consumers: [consumer('app', TOKEN, { tokens: [{ ...token, expiresAt: Date.now() - 1 }] })],
    declaredOnly: [],
  });
  expect((await infer(bearer(TOKEN))).status).toBe(401);
  await served.allow({
    consumers: [consumer('app', TOKEN, { tokens: [{ ...token, expiresAt: Date.now() + 60_000 }] })],
    declaredOnly: [],
  });
  expect((await infer(bearer(TOKEN))).status).toBe(200);
  await served.allow({ consumers: [], declaredOnly: [] });
  expect((await infer(bearer(TOKEN))).status).toBe(401);
});

test('records and the log of calls name the consumer, and nothing has its token', async () => {
  await served.allow({ consumers: [consumer('app', TOKEN)], declaredOnly: [] });
  await infer(bearer(TOKEN), 2);
  await infer();
  const records = await served.logged();
  expect(records.slice(-2).map((record) => record.consumer)).toEqual(['app', undefined]);
  expect(served.calls.slice(-2).map((call) => call.consumer)).toEqual(['app', null]);
  expect(JSON.stringify([records, served.calls, served.plane.status()])).not.toContain(TOKEN);
});

test('a quota of rows lets its amount through and no more, and harms nobody else', async () => {
  const quota: Quota = { amount: 10, unit: 'rows', per: 'day' };
  await served.allow({
    consumers: [consumer('app', TOKEN, { quota }), consumer('else', OTHERS)],
    declaredOnly: [],
  });
  const before = await answered();
  expect((await infer(bearer(TOKEN), 11)).status).toBe(413);
  expect((await infer(bearer(TOKEN), 6)).status).toBe(200);
  const refused = await infer(bearer(TOKEN), 5);
  expect(refused).toMatchObject({
    status: 429,
    said: { error: expect.stringContaining('has used up its 10 rows per day') },
  });
  expect(refused.headers.get('ratelimit-policy')).toBe('"rows";q=10;w=86400');
  expect(refused.headers.get('ratelimit')).toMatch(/^"rows";r=4;t=\d+$/);
  // A row of a day's ten takes 8,640 s to come back.
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(8_000);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(8_640);
  expect((await infer(bearer(TOKEN), 4)).status).toBe(200);
  for (const ask of [infer, scored, predicted]) {
    expect((await ask(bearer(TOKEN))).status).toBe(429);
    expect((await ask(bearer(OTHERS))).status).toBe(200);
    expect((await ask()).status).toBe(200);
  }
  expect(await answered()).toBe(before + 10 + 6);
  // Another snapshot does not fill it again; another quota does.
  await served.allow({ consumers: [consumer('app', TOKEN, { quota: { ...quota } })], declaredOnly: [] });
  expect((await infer(bearer(TOKEN))).status).toBe(429);
  await served.allow({ consumers: [consumer('app', TOKEN, { quota: { ...quota, amount: 11 } })], declaredOnly: [] });
  expect((await infer(bearer(TOKEN), 11)).status).toBe(200);
});

test('what each caller asked is counted by its token, or by its agent and address', async () => {
  await served.allow({
    consumers: [consumer('app', TOKEN, { quota: { amount: 1, unit: 'requests', per: 'day' } })],
    declaredOnly: ['other'],
  });
  const earlier = (await served.counted()).length;
  await infer(bearer(TOKEN), 3);
  await infer(bearer(TOKEN), 3);
  const curl = { 'user-agent': 'curl/8.5.0 (a secret)' };
  await infer(curl, 2);
  await post('/v2/models/sum/infer', { inputs: [] }, curl);
  await infer({}, 1, 'other');
  await infer({}, 1, 'nothing');
  const counts = (await served.counted()).slice(earlier);
  const shown = counts.map(
    ({ deployment, consumer: name, token, agent, address, requests, rows: answeredRows, errors, refused }) => [
      deployment,
      name,
      token,
      agent,
      address,
      requests,
      answeredRows,
      errors,
      refused,
    ],
  );
  expect(shown).toEqual([
    ['sum', 'app', 'ct_app', '', '', 2, 3, 0, 1],
    ['sum', null, null, 'curl', '127.0.0.1', 2, 2, 1, 0],
    ['other', null, null, 'node', '127.0.0.1', 1, 0, 0, 1],
  ]);
  const told = served.plane.metrics().filter(({ name }) => name === 'capstan_consumer_requests_total');
  expect(told[0]?.samples).toContainEqual({
    labels: { deployment: 'other', consumer: 'undeclared', outcome: 'refused' },
    value: 1,
  });
});

test('streamed rows are their caller’s too: refused before the first of them, counted and logged as its own', async () => {
  await served.allow({ consumers: [consumer('app', TOKEN)], declaredOnly: ['sum'] });
  const streamed = async (headers: Record<string, string>) => {
    const body = '{"features":[1,1,1],"offset":1}\n{"features":[2,2,2],"offset":2}\n';
    const sent = { 'content-type': 'application/x-ndjson', ...headers };
    const response = await fetch(`${served.url}/models/sum/predict`, { method: 'POST', headers: sent, body });
    return { status: response.status, lines: (await response.text()).split('\n').filter(Boolean) };
  };
  const before = await answered();
  expect((await streamed({})).status).toBe(401);
  expect((await streamed(bearer(OTHERS))).status).toBe(401);
  expect(await answered()).toBe(before);
  const { status, lines } = await streamed(bearer(TOKEN));
  expect(status).toBe(200);
  expect(lines).toHaveLength(2);
  expect((await served.logged()).at(-1)).toMatchObject({ consumer: 'app' });
});

test.each([
  ['whose token is revoked', { consumers: [consumer('app', OTHERS)], declaredOnly: [] }, 'UNAUTHENTICATED'],
  ['whose token expires', [Date.now()], 'UNAUTHENTICATED'],
  [
    'that may call it no more',
    { consumers: [consumer('app', TOKEN, { deployments: ['other'] })], declaredOnly: [] },
    'PERMISSION_DENIED',
  ],
] as const)('a stream of a caller %s ends there, with a line that says so', async (_, change, code) => {
  const until = (expiresAt: number | null) => ({
    consumers: [{ ...consumer('app', TOKEN), tokens: [{ id: 'ct_app', sha256: sha256(TOKEN), expiresAt }] }],
    declaredOnly: [],
  });
  await served.allow(until(null));
  const call = httpRequest(`${served.url}/models/sum/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...bearer(TOKEN) },
  });
  const reply = once(call, 'response');
  const row = '{"features":[1,1,1],"offset":1}\n';
  call.write(row);
  const [message] = (await reply) as [IncomingMessage];
  const lines = createInterface({ input: message })[Symbol.asyncIterator]();
  const next = async () =>
    JSON.parse((await lines.next()).value as string) as { row?: number; error?: { code: string } };
  expect(await next()).toMatchObject({ row: 1, outputs: {} });
  // Another change of the list leaves it be.
  await served.allow({ ...until(null), consumers: [...until(null).consumers, consumer('else', OTHERS)] });
  call.write(row);
  expect(await next()).toMatchObject({ row: 2, outputs: {} });
  const before = await answered();
  await served.allow(
    'consumers' in change ? { ...change, consumers: [...change.consumers], declaredOnly: [] } : until(change[0]),
  );
  call.write(row);
  const last = await next();
  expect(last).toMatchObject({ error: { code, detail: expect.stringContaining('app') } });
  expect(last.row).toBeUndefined();
  expect((await lines.next()).done).toBe(true);
  expect(await answered()).toBe(before);
  call.destroy();
});
