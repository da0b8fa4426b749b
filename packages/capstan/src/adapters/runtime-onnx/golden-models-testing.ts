import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import type { GoldenModel } from '#ports/model-runtime.contract';

const schema = z.strictObject({
  inputs: z.array(tensorSchema()),
  outputs: z.array(tensorSchema()),
  /** What a ZipMap makes of the probabilities. */
  maps: z.array(z.record(z.string(), z.number())).optional(),
});

function tensorSchema() {
  const facts = { name: z.string(), shape: z.array(z.int()) };
  return z.discriminatedUnion('datatype', [
    z.strictObject({ ...facts, datatype: z.literal('FP32'), data: z.array(z.number()) }),
    z.strictObject({ ...facts, datatype: z.literal('INT64'), data: z.array(z.string()) }),
    z.strictObject({ ...facts, datatype: z.literal('BYTES'), data: z.array(z.string()) }),
  ]);
}

function toTensor(stored: z.infer<ReturnType<typeof tensorSchema>>): Tensor {
  if (stored.datatype === 'FP32') return { ...stored, data: new Float32Array(stored.data) };
  if (stored.datatype === 'INT64') return { ...stored, data: new BigInt64Array(stored.data.map(BigInt)) };
  return stored;
}

export function goldenFile(name: string): string {
  return fileURLToPath(new URL(`./golden/${name}`, import.meta.url));
}

/** A model of `golden/` whose every first dimension is the batch, with what generate.py says it answers. */
export function goldenModel(name: string): GoldenModel & { readonly maps: readonly Record<string, number>[] } {
  const stored = schema.parse(JSON.parse(readFileSync(goldenFile(`${name}.json`), 'utf8')));
  const inputs = stored.inputs.map(toTensor);
  const outputs = stored.outputs.map(toTensor);
  const specs = (tensors: readonly Tensor[]): TensorSpec[] =>
    tensors.map((tensor) => ({ name: tensor.name, datatype: tensor.datatype, shape: [-1, ...tensor.shape.slice(1)] }));
  const file = goldenFile(`${name}.onnx`);
  return { file, inputs, outputs, inputSpecs: specs(inputs), outputSpecs: specs(outputs), maps: stored.maps ?? [] };
}
