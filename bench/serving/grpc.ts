// The part of the benchmark over gRPC: one row a request, of the servers that speak it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../measure.ts';
import type { GrpcJob, GrpcResult } from './grpc-load-generator.ts';
import type { Setup } from './parts.ts';
import type { ModelName, Server } from './servers.ts';

const FEATURES = 8;
const DIFFERENT = 64;
const LONGEST_MS = 120_000;

async function load(job: GrpcJob): Promise<GrpcResult> {
  const child = fork(fileURLToPath(new URL('grpc-load-generator.ts', import.meta.url)), { serialization: 'advanced' });
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  try {
    return await new Promise((resolve, reject) => {
      child.once('message', (result) => resolve(result as GrpcResult));
      child.once('exit', (code, signal) => reject(new Error(`the load generator ended with ${signal ?? code}`)));
      child.send(job);
    });
  } finally {
    clearTimeout(late);
  }
}

/** A ModelInferRequest with one row of raw FP32 values. */
function messageOf(model: ModelName, row: Float32Array): Buffer {
  const field = (number: number, body: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, body.length]), body]);
  const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
  const tensor = [text(1, 'X'), text(2, 'FP32'), field(3, Buffer.from([1, row.length]))];
  return Buffer.concat([text(1, model), field(5, Buffer.concat(tensor)), field(7, new Uint8Array(row.buffer))]);
}

/** Medians over rounds, the servers in turn within each. */
export async function measureGrpc(servers: readonly Server[], model: ModelName, setup: Setup): Promise<void> {
  const able = servers.filter((server) => server.grpcPort !== undefined);
  const messages = Array.from({ length: DIFFERENT }, (_, index) =>
    messageOf(
      model,
      Float32Array.from({ length: FEATURES }, (__, column) => ((index * 31 + column * 17) % 64) / 16 - 2),
    ),
  );
  for (const connections of setup.connections) {
    const results = new Map<Server, GrpcResult[]>(able.map((server) => [server, []]));
    for (let round = 0; round < setup.rounds; round++) {
      for (const server of able) {
        const { warmUpMs, durationMs } = setup;
        const path = '/inference.GRPCInferenceService/ModelInfer';
        results
          .get(server)
          ?.push(await load({ port: server.grpcPort ?? 0, path, messages, connections, warmUpMs, durationMs }));
      }
    }
    console.log(`\n${model}, gRPC, one row a request, ${connections} connection${connections === 1 ? '' : 's'}`);
    const rates = new Map<string, number>();
    for (const [{ name }, all] of results) {
      const of = (value: (result: GrpcResult) => number): number => median(all.map(value));
      rates.set(
        name,
        of((result) => result.perSecond),
      );
      const failed = all.reduce((sum, result) => sum + result.failed, 0);
      console.log(
        `  ${name.padEnd(28)} ${(rates.get(name) ?? 0).toFixed(0).padStart(9)} req/s  ` +
          `p50 ${of((result) => result.p50Ms).toFixed(2)} ms  p99 ${of((result) => result.p99Ms).toFixed(2)} ms` +
          (failed > 0 ? `  ${failed} failed` : ''),
      );
    }
    const [own, peer] = [rates.get('Capstan'), rates.get('MLServer')];
    if (own !== undefined && peer !== undefined) {
      console.log(`  Capstan: ${(own / peer).toFixed(1)}× MLServer${connections === 64 ? '; goal ≥ 20×' : ''}`);
    }
  }
}
