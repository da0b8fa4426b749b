// What callers and models do to harm a data plane: another deployment goes on answering, right, in the same process.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asManyAs, ATTACKER, crowd, headOf, leave, tell } from '../support/attacks.ts';
import { mutated } from '../support/mutate.ts';
import { parentOf, processesLike } from '../support/processes.ts';
import { findClientPython } from '../support/python.ts';
import { MODELS, registerModel, serveModels, type ServedModels } from '../support/served-models.ts';
import { capstan } from '../support/server.ts';

const EVERY_MS = 20;
/** The quiet deployment's answers come within this, or something holds it up. */
const PATIENCE_MS = 10_000;

let served: ServedModels;
let plane = 0;

beforeAll(async () => {
  const python = await findClientPython();
  served = await serveModels({ quiet: MODELS['one-float'] }, [
    `--serving-python=${python}`,
    '--relaxed-python',
    `--model-memory=${700 * 2 ** 20}`,
  ]);
  await registerModel(served.url, 'attacker', ATTACKER);
  plane = processesLike(served.data).find((pid) => parentOf(pid) === served.pid) ?? 0;
  expect(plane).toBeGreaterThan(0);
});
afterAll(async () => {
  await served.stop();
  expect(processesLike(served.data)).toEqual([]);
});

/** Asks the quiet deployment at a steady rate, and works meanwhile. Every answer must be there, and right. */
async function whileQuietAnswers<Result>(work: () => Promise<Result>): Promise<Result> {
  const asked: Promise<void>[] = [];
  const ask = async (x: number): Promise<void> => {
    const body = JSON.stringify({ inputs: [{ name: 'in_FP32', shape: [1, 2], datatype: 'FP32', data: [x, -x] }] });
    const response = await fetch(`${served.servingUrl}/v2/models/quiet/infer`, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const answer = (await response.json()) as { outputs: { name: string; data: number[] }[] };
    expect(response.status).toBe(200);
    expect(answer.outputs.find(({ name }) => name === 'out_FP32')?.data).toEqual([x, -x]);
  };
  asked.push(ask(0.5));
  const timer = setInterval(() => void asked.push(ask(asked.length + 1)), EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    const failures = (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected');
    expect(failures).toEqual([]);
    expect(processesLike(served.data)).toContain(plane);
  }
}

test('ten thousand connections that say nothing', async () => {
  const port = Number(new URL(served.servingUrl).port);
  const sockets = await whileQuietAnswers(async () => {
    const silent = await crowd(port, asManyAs(10_000));
    await sleep(500);
    return silent;
  });
  // They are given up by themselves.
  await whileQuietAnswers(() =>
    expect.poll(() => sockets.every(({ closed }) => closed), { timeout: 60_000 }).toBe(true),
  );
});

test('a thousand connections for gRPC that say nothing', async () => {
  const { grpcAddress } = (await (await fetch(`${served.servingUrl}/api/v1/serving/status`)).json()) as {
    grpcAddress: string;
  };
  const sockets = await crowd(Number(grpcAddress.split(':')[1]), 1_000);
  await whileQuietAnswers(() =>
    expect.poll(() => sockets.every(({ closed }) => closed), { timeout: 60_000 }).toBe(true),
  );
});

test('bodies that come byte by byte', async () => {
  const { host, port } = new URL(served.servingUrl);
  await whileQuietAnswers(async () => {
    const slow = await crowd(Number(port), 500, headOf(host, 'quiet', 1_000_000));
    for (let byte = 0; byte < 10; byte++) {
      for (const socket of slow) socket.write(' ');
      await sleep(100);
    }
    leave(slow);
  });
});

test('large bodies that stop halfway', async () => {
  const { host, port } = new URL(served.servingUrl);
  const half = Buffer.concat([Buffer.from(headOf(host, 'quiet', 33_000_000)), Buffer.alloc(30_000_000, ' ')]);
  await whileQuietAnswers(async () => {
    // 1.8 GB, of which the plane takes one.
    const stalled = await crowd(Number(port), 60, half);
    let said = '';
    for (const socket of stalled) socket.on('data', (text: Buffer) => (said += text.toString()));
    await expect.poll(() => said, { timeout: 60_000 }).toMatch(/bytes of requests are in hand already/);
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${plane}/status`, 'utf8')) ?? [];
    expect(Number(kilobytes) / 2 ** 20).toBeLessThan(2);
    leave(stalled);
  });
});

test('damaged models', async () => {
  const sound = readFileSync(MODELS.columns);
  const ends = await whileQuietAnswers(async () => {
    const codes: (number | null)[] = [];
    for (let seed = 0; seed < 8; seed++) {
      const files = { 'model.onnx': mutated(sound, seed), MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n' };
      await registerModel(served.url, `damaged-${seed}`, files);
      const { code, out } = await capstan(['deploy', `damaged-${seed}`, '--no-guards', '--wait'], served.url);
      // Some damage is none.
      if (code !== 0) expect(out).toMatch(/is rolled-back \(replica \S+ cannot serve it: The (file|model) /);
      codes.push(code);
    }
    return codes;
  });
  expect(ends.filter((code) => code === 10).length).toBeGreaterThan(2);
});

const PYTHON_ATTACKS: [string, number[]][] = [
  ['exit', [503]],
  ['allocate', [503]],
  ['segfault', [503]],
  ['fork', [503]],
  ['print', [200]],
  ['raise', [400]],
  ['forge', [503, 504]],
  ['sleep', [504]],
  ['sleep deaf', [504]],
];

test.each(PYTHON_ATTACKS)('a Python model that is told to: %s', async (what, statuses) => {
  const name = `attacker-${what.replace(' ', '-')}`;
  const { code, err } = await capstan(['deploy', 'attacker', '--name', name, '--no-guards', '--wait'], served.url);
  expect(code, err).toBe(0);
  const invoke = (words: string, headers = {}) => tell(served.servingUrl, name, words, headers);
  await whileQuietAnswers(async () => {
    expect(await invoke('four')).toBe(200);
    const isEndless = ['forge', 'sleep', 'sleep deaf'].includes(what);
    expect(statuses).toContain(await invoke(what, isEndless ? { 'x-request-timeout-ms': '5000' } : {}));
    // It is there again by itself.
    await expect.poll(() => invoke('four'), { timeout: 60_000, interval: 200 }).toBe(200);
  });
});
