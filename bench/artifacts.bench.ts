// Large files through the server: how fast beside a plain file copy over loopback HTTP in the same run, and how much memory
// the server takes for it. node bench/artifacts.bench.ts [MiB]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, watchPeak } from '../tests/support/memory.ts';
import { startServer } from '../tests/support/server.ts';
import { median, tell, type Figure } from './measure.ts';

const ROUNDS = 3;
const PIECE = Buffer.alloc(1 << 20, 7);
const IDLE_MS = 3_000;
const PART_MIB = 10;
const PARALLEL = 8;
const sizeMib = Number(process.argv[2] ?? 1_024);

/** The least that takes a file in and gives it out: on the disk before it answers, without digest or check. */
async function servePlainly(folder: string): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    const file = join(folder, 'plain');
    if (incoming.method === 'GET') {
      void pipeline(createReadStream(file), outgoing);
      return;
    }
    void (async () => {
      await pipeline(incoming, createWriteStream(file, { flush: true }));
      outgoing.end();
    })();
  }).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

function* pieces(mib: number, mark: number): Iterable<Buffer> {
  // Other bytes each time: the same ones are stored once.
  yield Buffer.from(`${mark}`.padEnd(PIECE.length, '.'));
  for (let index = 1; index < mib; index++) yield PIECE;
}

async function send(url: string, method: string, mib = 0, mark = 0): Promise<IncomingMessage> {
  const asked = request(url, { method, ...(mib > 0 && { headers: { 'content-length': mib * PIECE.length } }) });
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  if (mib > 0) await pipeline(Readable.from(pieces(mib, mark), { objectMode: false }), asked);
  else asked.end();
  const [answer] = await answered;
  if (answer.statusCode !== 200) throw new Error(`${method} ${url} was answered with ${answer.statusCode}`);
  return answer;
}

async function drain(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  return bytes;
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return sizeMib / ((performance.now() - before) / 1_000);
}

let marks = 0;
const put = async (url: string): Promise<void> => void (await drain(await send(url, 'PUT', sizeMib, ++marks)));
const get = async (url: string): Promise<void> => {
  const bytes = await drain(await send(url, 'GET'));
  if (bytes !== sizeMib * PIECE.length) throw new Error(`${bytes} bytes came back`);
};

async function post<Reply>(url: string, body: object): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Reply;
}

/** As the mlflow client does it: parts of 10 MiB, several at once. */
async function putInParts(url: string, place: string): Promise<void> {
  const store = `${url}/api/2.0/mlflow-artifacts/mpu`;
  const parts = Math.ceil(sizeMib / PART_MIB);
  const body = { path: 'big.bin', num_parts: parts };
  const { upload_id: id, credentials } = await post<{
    upload_id: string;
    credentials: { url: string; part_number: number }[];
  }>(`${store}/create/${place}`, body);
  const etags = new Map<number, string>();
  const waiting = [...credentials];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const answer = await send(next.url, 'PUT', PART_MIB, ++marks);
      await drain(answer);
      etags.set(next.part_number, answer.headers.etag ?? '');
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const sent = credentials.map(({ part_number }) => ({ part_number, etag: etags.get(part_number) }));
  await post(`${store}/complete/${place}`, { path: 'big.bin', upload_id: id, parts: sent });
}

async function measure(folder: string): Promise<Figure[]> {
  const plain = fork(fileURLToPath(import.meta.url), ['serve', folder]);
  const [port] = (await once(plain, 'message')) as [number];
  const plainUrl = `http://127.0.0.1:${port}/`;
  const server = await startServer(['--no-serving'], join(folder, 'data'));
  const { run } = await post<{ run: { info: { run_id: string } } }>(`${server.url}/api/2.0/mlflow/runs/create`, {
    experiment_id: '0',
  });
  const place = `0/${run.info.run_id}/artifacts`;
  const file = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${place}/big.bin`;
  await sleep(IDLE_MS);

  const works = {
    plainUp: () => put(plainUrl),
    up: () => put(file),
    plainDown: () => get(plainUrl),
    down: () => get(file),
    inParts: () => putInParts(server.url, place),
  };
  const pidOf = (name: string): number => (name.startsWith('plain') ? (plain.pid ?? 0) : server.pid);
  const cpu: Record<string, number> = {};
  const rates = Object.fromEntries(Object.keys(works).map((name) => [name, [] as number[]]));
  const peaks: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(works)) {
      const peak = watchPeak(server.pid);
      const before = cpuSeconds(pidOf(name));
      rates[name]?.push(await rate(work));
      cpu[name] = (cpu[name] ?? 0) + cpuSeconds(pidOf(name)) - before;
      peaks[name] = Math.max(peaks[name] ?? 0, peak());
    }
  }
  plain.kill();
  await server.stop();
  const speed = (name: keyof typeof works): number => median(rates[name] ?? []);
  // Of works that follow each other: what else the machine does changes in between.
  const beside = (name: keyof typeof works, other: keyof typeof works): number =>
    median((rates[name] ?? []).map((mibs, round) => mibs / (rates[other]?.[round] ?? Number.NaN)));
  // Of one GiB: what stays the same on a busy machine.
  const cost = (name: keyof typeof works): number => ((cpu[name] ?? 0) / ROUNDS / sizeMib) * 1_024;
  const over = (name: keyof typeof works): number => (peaks[name] ?? 0) / 2 ** 20;
  return [
    { name: 'plain copy up, on the disk', value: speed('plainUp'), unit: 'MiB/s', goal: '-' },
    { name: 'plain copy down', value: speed('plainDown'), unit: 'MiB/s', goal: '-' },
    { name: 'up, on the disk, with its digest', value: speed('up'), unit: 'MiB/s', goal: '-' },
    { name: 'down, checked', value: speed('down'), unit: 'MiB/s', goal: '-' },
    { name: 'up in parts', value: speed('inParts'), unit: 'MiB/s', goal: '-' },
    { name: 'up / plain copy', value: beside('up', 'plainUp'), unit: '', goal: '≥ 0.5' },
    { name: 'down / plain copy', value: beside('down', 'plainDown'), unit: '', goal: '≥ 0.5' },
    { name: 'CPU of a GiB, plain copy up', value: cost('plainUp'), unit: 's', goal: '-' },
    { name: 'CPU of a GiB, up', value: cost('up'), unit: 's', goal: '-' },
    { name: 'CPU of a GiB, plain copy down', value: cost('plainDown'), unit: 's', goal: '-' },
    { name: 'CPU of a GiB, down', value: cost('down'), unit: 's', goal: '-' },
    { name: 'CPU of a GiB, up in parts', value: cost('inParts'), unit: 's', goal: '-' },
    { name: 'memory over idle, up', value: over('up'), unit: 'MiB', goal: '≤ 100' },
    { name: 'memory over idle, down', value: over('down'), unit: 'MiB', goal: '≤ 100' },
    { name: 'memory over idle, up in parts', value: over('inParts'), unit: 'MiB', goal: '≤ 100' },
  ];
}

if (process.argv[2] === 'serve') {
  await servePlainly(process.argv[3] ?? '');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-artifacts-'));
  const [load = 0] = loadavg();
  try {
    tell([
      { name: 'load of the machine before, 1 min', value: load, unit: '', goal: '0' },
      { name: 'size of the file', value: sizeMib, unit: 'MiB', goal: '-' },
      ...(await measure(folder)),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
