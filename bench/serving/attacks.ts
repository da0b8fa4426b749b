// What attacks cost those who ask for another deployment: its p99 at a steady rate, with and without them, in turns.
import { setTimeout as sleep } from 'node:timers/promises';
import { asManyAs, ATTACKER, crowd, headOf, leave, tell } from '../../tests/support/attacks.ts';
import { deploy, MODELS, registerModel, serveModels } from '../../tests/support/served-models.ts';
import { median } from '../measure.ts';
import { httpPost, load } from './load.ts';
import type { Setup } from './parts.ts';

const RATE = 300;
const PYTHON_ATTACKS = ['sleep', 'exit', 'allocate', 'segfault', 'fork'];
const MEMORY_BYTES = 700 * 2 ** 20;

/** Goes on until it is stopped. */
type Attack = () => Promise<() => Promise<void> | void>;

/** `python` has mlflow: the attacking model runs in it. */
export async function measureAttacks(python: string, setup: Setup): Promise<void> {
  const flags = [`--serving-python=${python}`, '--relaxed-python', `--model-memory=${MEMORY_BYTES}`];
  const served = await serveModels({ quiet: MODELS['one-float'] }, flags);
  try {
    await registerModel(served.url, 'attacker', ATTACKER);
    await deploy(served.url, 'attacker');
    const { host, port } = new URL(served.servingUrl);
    const body = JSON.stringify({ inputs: [{ name: 'in_FP32', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] });
    const requests = [httpPost(Number(port), '/v2/models/quiet/infer', body)];
    const { warmUpMs, durationMs } = setup;
    const job = { host: '127.0.0.1', port: Number(port), requests, connections: 8, rate: RATE, warmUpMs, durationMs };
    const half = Buffer.concat([Buffer.from(headOf(host, 'quiet', 33_000_000)), Buffer.alloc(30_000_000, ' ')]);
    const attacks: Record<string, Attack> = {
      '10,000 silent connections': () => crowding(Number(port), asManyAs(10_000)),
      '500 bodies, a byte each 100 ms': () => dripping(Number(port), headOf(host, 'quiet', 1_000_000)),
      '60 bodies of 30 MB that stop': () => crowding(Number(port), 60, half),
      ...Object.fromEntries(PYTHON_ATTACKS.map((what) => [`Python: ${what}`, () => telling(served.servingUrl, what)])),
    };
    console.log(`\np99 of a deployment at ${RATE} req/s while the plane is attacked; goal ≤ 2× without`);
    for (const [name, attack] of Object.entries(attacks)) {
      const ratios: number[] = [];
      for (let round = 0; round < setup.rounds; round++) {
        const before = await load(job);
        const stop = await attack();
        const during = await load(job);
        await stop();
        ratios.push(during.p99Ms / before.p99Ms);
        const failed = Object.entries(during.byStatus).filter(([status]) => status !== '200');
        console.log(
          `  ${name.padEnd(32)} p99 ${before.p99Ms.toFixed(2)} → ${during.p99Ms.toFixed(2)} ms, failed ${JSON.stringify(failed)}`,
        );
      }
      console.log(`  ${name.padEnd(32)} ${median(ratios).toFixed(2)}×`);
    }
  } finally {
    await served.stop();
  }
}

async function crowding(port: number, count: number, words: string | Buffer = ''): Promise<() => void> {
  const sockets = await crowd(port, count, words);
  await sleep(500);
  return () => leave(sockets);
}

async function dripping(port: number, head: string): Promise<() => void> {
  const sockets = await crowd(port, 500, head);
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write(' ');
  }, 100);
  return () => {
    clearInterval(timer);
    leave(sockets);
  };
}

/** The model is told again as soon as it has answered, or died. */
async function telling(servingUrl: string, what: string): Promise<() => Promise<void>> {
  let isOver = false;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      await tell(servingUrl, 'attacker', what, { 'x-request-timeout-ms': '1000' });
      await sleep(20);
    }
  };
  const loops = [loop(), loop()];
  return async () => {
    isOver = true;
    await Promise.all(loops);
  };
}
