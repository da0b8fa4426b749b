// The servers of the benchmark: each in processes of its own, ready when it has answered a request.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startControlPlane } from './control-plane.ts';

export const MODELS = ['rf', 'lr'] as const;
export type ModelName = (typeof MODELS)[number];

/** How a server is asked: where, and with what body for so many rows. */
export interface Server {
  readonly name: string;
  readonly port: number;
  /** Where it speaks gRPC too. */
  readonly grpcPort?: number;
  path(model: ModelName): string;
  body(rows: readonly (readonly number[])[]): string;
  stop(): Promise<void>;
}

const START_MS = 90_000;
const here = fileURLToPath(new URL('.', import.meta.url));

const openInferenceBody = (rows: readonly (readonly number[])[]): string =>
  JSON.stringify({
    inputs: [{ name: 'X', datatype: 'FP32', shape: [rows.length, rows[0]?.length ?? 0], data: rows.flat() }],
  });

/** Capstan's data plane with the prediction log on, and a control plane that takes the log. */
export async function startCapstan(program: string, folder: string, models: string): Promise<Server> {
  const control = await startControlPlane(
    Object.fromEntries(MODELS.map((name) => [name, join(models, name, 'model.onnx')])),
  );
  const args = [
    'serve',
    '--serving-port',
    '0',
    '--data',
    folder,
    '--log-level',
    'warn',
    '--control-plane',
    control.url,
  ];
  const profile = process.env['BENCH_CPU_PROFILE'];
  const child = spawn(
    process.execPath,
    [...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]), program, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], HOME: folder } },
  );
  const [port, grpcPort] = await new Promise<[number, number]>((resolve, reject) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const found = /serving at http:\/\/[^:]+:(\d+) \(gRPC at [^:]+:(\d+)/.exec(out);
      if (found) resolve([Number(found[1]), Number(found[2])]);
    });
    child.once('exit', (code) => reject(new Error(`capstan serve ended with ${code}`)));
  });
  await answers(`http://127.0.0.1:${port}/v2/health/ready`);
  return {
    name: 'Capstan',
    port,
    grpcPort,
    path: (model) => `/v2/models/${model}/infer`,
    body: openInferenceBody,
    async stop() {
      await ended(child, 'SIGTERM');
      console.log(`prediction log: ${control.loggedRequests()} requests were shipped`);
      control.stop();
    },
  };
}

/** What this machine can do at most: see references.ts. */
export async function startReference(kind: 'echo' | 'fastify', file?: string): Promise<Server> {
  const child = fork(fileURLToPath(new URL('references.ts', import.meta.url)), [
    kind,
    ...(file === undefined ? [] : [file]),
  ]);
  const [port] = (await once(child, 'message')) as [number];
  return {
    name: kind === 'echo' ? 'bare HTTP echo' : 'Fastify + onnxruntime-node',
    port,
    path: () => '/v2/models/m/infer',
    body: openInferenceBody,
    stop: () => ended(child, 'SIGTERM'),
  };
}

/** `mlflow models serve` of the scikit-learn flavor. */
export async function startMlflow(python: string, models: string, model: ModelName): Promise<Server> {
  const port = await freePort();
  const folder = join(models, model, 'mlflow');
  const args = [
    'models',
    'serve',
    '-m',
    folder,
    '--env-manager',
    'local',
    '--port',
    String(port),
    '--host',
    '127.0.0.1',
  ];
  const child = startPeer(join(dirname(python), 'mlflow'), args, models);
  await answers(`http://127.0.0.1:${port}/ping`);
  return {
    name: 'mlflow models serve',
    port,
    path: () => '/invocations',
    body: (rows) => JSON.stringify({ inputs: rows }),
    stop: () => ended(child, 'SIGTERM'),
  };
}

/** MLServer with its MLflow runtime, as its own documentation sets it up. */
export async function startMlserver(python: string, models: string): Promise<Server> {
  const port = await freePort();
  const folder = join(models, 'mlserver');
  for (const name of MODELS) {
    mkdirSync(join(folder, name), { recursive: true });
    const settings = {
      name,
      implementation: 'mlserver_mlflow.MLflowRuntime',
      parameters: { uri: join(models, name, 'mlflow') },
    };
    writeFileSync(join(folder, name, 'model-settings.json'), JSON.stringify(settings));
  }
  const [grpc, metrics] = [await freePort(), await freePort()];
  writeFileSync(
    join(folder, 'settings.json'),
    JSON.stringify({ http_port: port, grpc_port: grpc, metrics_port: metrics, host: '127.0.0.1', debug: false }),
  );
  const child = startPeer(join(dirname(python), 'mlserver'), ['start', folder], models);
  await answers(`http://127.0.0.1:${port}/v2/health/ready`);
  return {
    name: 'MLServer',
    port,
    grpcPort: grpc,
    path: (model) => `/v2/models/${model}/infer`,
    body: openInferenceBody,
    stop: () => ended(child, 'SIGTERM'),
  };
}

/** BentoML with its adaptive batching on. */
export async function startBento(python: string, models: string): Promise<Server> {
  const port = await freePort();
  const args = ['serve', 'bento_service:Service', '--port', String(port), '--host', '127.0.0.1'];
  const child = startPeer(join(dirname(python), 'bentoml'), args, here, {
    BENCH_MODELS: models,
    BENTOML_HOME: join(models, 'bentoml'),
    BENTOML_DO_NOT_TRACK: 'True',
  });
  await answers(`http://127.0.0.1:${port}/readyz`);
  return {
    name: 'BentoML',
    port,
    path: (model) => `/${model}`,
    body: (rows) => JSON.stringify({ rows }),
    stop: () => ended(child, 'SIGTERM'),
  };
}

function startPeer(
  program: string,
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  // In a group of its own: these servers start others, which must end with them, and with the benchmark however that ends.
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: { PATH: `${dirname(program)}:${process.env['PATH']}`, HOME: folder, LANG: 'C.UTF-8', ...env },
  });
  process.once('exit', () => endGroup(child));
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const end = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await Promise.race([end, sleep(5_000, undefined, { ref: false })]);
  }
  endGroup(child);
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // No group of its own, or nobody left in it.
  }
}

async function answers(url: string): Promise<void> {
  for (const until = performance.now() + START_MS; performance.now() < until; await sleep(100)) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer().catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`${url} did not answer within ${START_MS / 1_000} s`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
