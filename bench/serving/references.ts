// The limits of this machine, as a process: `node references.ts echo` answers every request with the same bytes;
// `node references.ts fastify MODEL.onnx` is Fastify and onnxruntime-node, one run a request, no checks and no log.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [kind, file] = process.argv.slice(2);

if (kind === 'echo') {
  const body = Buffer.from(
    '{"model_name":"m","outputs":[{"name":"probabilities","datatype":"FP32","shape":[1,2],"data":[0.25,0.75]}]}',
  );
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
} else {
  const session = await InferenceSession.create(file ?? '', { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const app = Fastify({ logger: false });
  app.post('/v2/models/m/infer', async (request) => {
    const [input] = (request.body as { inputs: { shape: number[]; data: number[] }[] }).inputs;
    const results = await session.run({ X: new Tensor('float32', Float32Array.from(input?.data ?? []), input?.shape) });
    return {
      model_name: 'm',
      outputs: session.outputNames.map((name) => {
        const { data, dims } = results[name] as Tensor;
        return { name, shape: dims, data: Array.from(data as Iterable<number | bigint>, Number) };
      }),
    };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  process.send?.((app.server.address() as AddressInfo).port);
}
process.on('disconnect', () => process.exit(0));
