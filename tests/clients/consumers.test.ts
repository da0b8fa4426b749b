// Consumers of a real Capstan: tritonclient with tokens over HTTP and gRPC, the command line, a capstan.yaml, and counts of
// calls that neither a killed data plane nor a killed control plane loses or doubles.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { capstan, emptyFolder, startServer, startServing } from '../support/server.ts';
import { MODELS, serveModels, type ServedModels } from '../support/served-models.ts';

const INSTALLATION_MS = 10 * 60_000;
const WAIT = { timeout: 20_000, interval: 50 };
const model = { 'one-float': MODELS['one-float'] };

let server: ServedModels;
beforeAll(async () => {
  server = await serveModels(model);
}, INSTALLATION_MS);
afterAll(async () => {
  await server?.stop();
});

async function ask(servingUrl: string, token?: string): Promise<number> {
  const response = await fetch(`${servingUrl}/v2/models/one-float/infer`, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify({ inputs: [{ name: 'in_FP32', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

async function run(args: readonly string[], url = server.url, cwd?: string): Promise<string> {
  const { code, out, err } = await capstan(args, url, cwd);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
  return out.trim();
}

const json = async (args: readonly string[], url = server.url): Promise<unknown> =>
  JSON.parse(await run([...args, '--json'], url));
const create = (name: string, ...more: string[]): Promise<string> =>
  run(['consumers', 'create', name, '--owner', 'someone', '--purpose', 'a test', ...more]);

test('tritonclient is answered by its token, over HTTP and gRPC, as far as its quota goes', async () => {
  const python = await findClientPython();
  const token = await create('triton', '--quota', '2 rows per day');
  expect(token).toMatch(/^cap_\w{40}$/);
  await run(['consumers', 'require', 'one-float']);
  const status = await fetch(`${server.servingUrl}/api/v1/serving/status`);
  const { grpcAddress } = (await status.json()) as { grpcAddress: string };
  const script = fileURLToPath(new URL('consumers_session.py', import.meta.url));
  await vi.waitFor(async () => expect(await ask(server.servingUrl)).toBe(401), WAIT);
  const args = [script, server.servingAddress, grpcAddress, token, `cap_${'x'.repeat(40)}`];
  const { code, out, err } = await runPython(python, args, { folder: emptyFolder(), env: {} });
  expect(code, err).toBe(0);
  const saw = JSON.parse(out) as Record<'http' | 'grpc', Record<string, unknown>>;
  const nobody = expect.stringContaining('one-float answers declared consumers only');
  const wrong = expect.stringContaining('The token is not known here');
  const over = expect.stringContaining('has used up its 2 rows per day');
  expect(saw.http).toEqual({
    nobody: ['401', nobody],
    wrong: ['401', wrong],
    known: 'same',
    'known again': 'same',
    'over the quota': ['429', over],
    metadata: true,
  });
  // The quota is one, whatever protocol it is used up by.
  expect(saw.grpc).toEqual({
    nobody: ['StatusCode.UNAUTHENTICATED', nobody],
    wrong: ['StatusCode.UNAUTHENTICATED', wrong],
    known: ['StatusCode.RESOURCE_EXHAUSTED', over],
    'known again': ['StatusCode.RESOURCE_EXHAUSTED', over],
    'over the quota': ['StatusCode.RESOURCE_EXHAUSTED', over],
    metadata: true,
  });
  await run(['consumers', 'require', 'one-float', '--off']);
  await vi.waitFor(async () => expect(await ask(server.servingUrl)).toBe(200), WAIT);
});

test('the command line: volumes, callers nobody has declared, a rotation and a revocation', async () => {
  const token = await create('app');
  await vi.waitFor(async () => expect(await ask(server.servingUrl, token)).toBe(200), WAIT);
  const second = await run(['consumers', 'rotate', 'app', '--overlap', '1h']);
  await vi.waitFor(async () => expect(await ask(server.servingUrl, second)).toBe(200), WAIT);
  expect(await ask(server.servingUrl, token)).toBe(200);
  await run(['consumers', 'revoke', 'app', '--token', token.slice(0, 10), '--reason', 'a test']);
  await vi.waitFor(async () => expect(await ask(server.servingUrl, token)).toBe(401), WAIT);
  expect(await ask(server.servingUrl, second)).toBe(200);
  await fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
  const shown = (await json(['consumers', 'show', 'app'])) as { day: { requests: number }; byDeployment: unknown[] };
  expect(shown.day.requests).toBeGreaterThanOrEqual(3);
  expect(shown.byDeployment).toMatchObject([{ deployment: 'one-float', requests: shown.day.requests }]);
  const { callers } = (await json(['consumers', 'callers', '--deployment', 'one-float'])) as { callers: unknown[] };
  expect(callers).toContainEqual(expect.objectContaining({ agent: 'node', address: '127.0.0.1' }));
  // The revoked one by whose it was; tritonclient's, which never was one, also over gRPC, where nothing tells what it asked.
  const { unknown } = (await json(['consumers', 'callers'])) as { unknown: unknown[] };
  const was = { consumer: 'app', prefix: token.slice(0, 10), endedAt: expect.any(Number) };
  expect(unknown).toContainEqual(expect.objectContaining({ deployment: 'one-float', agent: 'node', was }));
  const hash = createHash('sha256')
    .update(`cap_${'x'.repeat(40)}`)
    .digest('hex')
    .slice(0, 8);
  const made = { token: hash, was: null, address: '127.0.0.1' };
  expect(unknown).toContainEqual(expect.objectContaining({ ...made, deployment: 'one-float' }));
  expect(unknown).toContainEqual(expect.objectContaining({ ...made, deployment: null }));
  const text = await run(['consumers', 'callers']);
  expect(text).toMatch(/of app, ended .*: capstan consumers rotate app/);
  expect(text).not.toContain('xxxx');
  expect(await run(['consumers', 'list'])).toContain('app');
  const sql = "select consumer, count(*) as n from predictions where consumer = 'app' group by all";
  await vi.waitFor(async () => {
    const logged = (await json(['predictions', 'query', sql])) as { rows: { n: string | number }[] };
    expect(logged.rows.map(({ n }) => Number(n))).toEqual([shown.day.requests]);
  }, WAIT);
});

test('what a capstan.yaml declares holds a moment after apply, and comes back with its token', async () => {
  const folder = emptyFolder();
  const apply = async (rest: string): Promise<void> => {
    const head = `project: floats
charter:
  owner: someone
  decision: Answer what was asked
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
model: {name: one-float, task: binary, metric: log_loss}
`;
    writeFileSync(join(folder, 'capstan.yaml'), head + rest);
    await run(['apply'], server.url, folder);
  };
  const declared = 'consumers: {nightly: {owner: ops, purpose: a report, deployments: [one-float]}}\n';
  await apply(declared);
  const token = await vi.waitFor(() => run(['consumers', 'rotate', 'nightly']), WAIT);
  await vi.waitFor(async () => expect(await ask(server.servingUrl, token)).toBe(200), WAIT);
  await apply('');
  await vi.waitFor(async () => expect(await ask(server.servingUrl, token)).toBe(401), WAIT);
  await apply(declared);
  await vi.waitFor(async () => expect(await ask(server.servingUrl, token)).toBe(200), WAIT);
});

test('two processes let the quota through together, not each', async () => {
  const shared = await serveModels(model, ['--serving-processes', '2', '--no-grpc']);
  onTestFinished(async () => void (await shared.stop()));
  const args = ['consumers', 'create', 'shared', '--owner', 'a', '--purpose', 'b', '--quota', '4 requests per day'];
  const token = await run(args, shared.url);
  const statuses = new Map<number, number>();
  await vi.waitFor(async () => {
    // A connection of its own for each, which either process may take.
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    const tensor = { name: 'in_FP32', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
    const init = { method: 'POST', headers, body: JSON.stringify({ inputs: [tensor] }) };
    const { status } = await fetch(`${shared.servingUrl}/v2/models/one-float/infer`, init);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect(statuses.get(429)).toBeGreaterThan(30);
  }, WAIT);
  expect(statuses.get(200)).toBe(4);
}, 60_000);

test('counts outlive a data plane and a control plane that are killed, and none is there twice', async () => {
  const folder = emptyFolder();
  const registered = await serveModels(model);
  await registered.stop();
  // The same models, on a control plane whose data plane is a process of its own.
  let control = await startServer(['--no-serving'], registered.data);
  onTestFinished(async () => void (await control.stop()));
  let plane = await startServing(control.url, ['--no-grpc'], folder);
  onTestFinished(async () => void (await plane.stop()));
  const client = createClient({ baseUrl: control.url });
  const { token } = await client.consumers.create({ body: { name: 'counted', owner: 'a', purpose: 'b' } });
  await vi.waitFor(async () => expect(await ask(plane.url, token)).toBe(200), WAIT);
  let asked = 0;
  const askMany = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      expect(await ask(plane.url, token)).toBe(200);
      asked += 1;
    }
  };
  const requests = async (url: string): Promise<number> =>
    (await createClient({ baseUrl: url }).consumers.get({ params: { consumer: 'counted' }, query: {} })).day.requests;
  const calls = join(folder, 'serving', 'calls');
  const onDisk = (): number =>
    readdirSync(calls)
      .filter((name) => name.endsWith('.json'))
      .flatMap(
        (name) => JSON.parse(readFileSync(join(calls, name), 'utf8')) as { requests: number; consumer: string }[],
      )
      .reduce((sum, count) => sum + (count.consumer === 'counted' ? count.requests : 0), 0);
  await fetch(`${plane.url}/api/v1/serving/flush`, { method: 'POST' });
  const before = await requests(control.url);

  // While the control plane is gone, answers and counts go on, and so does the data plane after a kill.
  await control.kill();
  await askMany(30);
  await vi.waitFor(() => expect(onDisk()).toBe(asked), WAIT);
  await plane.kill();
  plane = await startServing('http://127.0.0.1:1', ['--no-grpc'], folder);
  await vi.waitFor(async () => expect(await ask(plane.url, token)).toBe(200), WAIT);
  asked += 1;
  expect(await ask(plane.url, `cap_${'x'.repeat(40)}`)).toBe(401);
  await askMany(20);
  await vi.waitFor(() => expect(onDisk()).toBe(asked), WAIT);
  await plane.stop();

  // Both come back; the control plane is killed again and again while it takes what was counted.
  const url = control.url;
  control = await startServer(['--no-serving', '--port', new URL(url).port], registered.data);
  plane = await startServing(url, ['--no-grpc'], folder);
  for (let round = 0; round < 3; round++) {
    await askMany(10);
    const flushing = fetch(`${plane.url}/api/v1/serving/flush`, { method: 'POST' }).catch(() => {});
    await sleep(round * 4);
    await control.kill();
    await flushing;
    control = await startServer(['--no-serving', '--port', new URL(url).port], registered.data);
  }
  await vi.waitFor(async () => {
    await fetch(`${plane.url}/api/v1/serving/flush`, { method: 'POST' });
    expect((await requests(url)) - before).toBe(asked);
  }, WAIT);
  await fetch(`${plane.url}/api/v1/serving/flush`, { method: 'POST' });
  expect((await requests(url)) - before).toBe(asked);
}, 120_000);
