import { createHash } from 'node:crypto';
import type { Tensor } from '#ports/model-runtime';
import { tensorToBytes } from '#ports/tensor-bytes';

/** What models answered to the same inputs before: right only where a model always answers the same. */
export interface ResultCache {
  /** The answer as it was, or as `predict` gives it now; what fails is not kept. */
  answer(
    model: string,
    inputs: readonly Tensor[],
    predict: () => Promise<readonly Tensor[]>,
  ): Promise<readonly Tensor[]>;
  bytes(): number;
}

/** Beside its values an answer takes about this: its key, names and shapes. */
const ENTRY_BYTES = 512;

/** Holds answers of so many bytes; those that were asked for longest ago go first. */
export function createResultCache(maxBytes: number): ResultCache {
  const entries = new Map<string, { readonly outputs: readonly Tensor[]; readonly bytes: number }>();
  let held = 0;

  function keep(key: string, outputs: readonly Tensor[]): void {
    const bytes = outputs.reduce((sum, { data }) => sum + tensorToBytes(data).byteLength, ENTRY_BYTES);
    if (bytes > maxBytes) return;
    forget(key);
    entries.set(key, { outputs: outputs.map(ownTensor), bytes });
    held += bytes;
    for (const oldest of entries.keys()) {
      if (held <= maxBytes) break;
      forget(oldest);
    }
  }

  function forget(key: string): void {
    held -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  return {
    async answer(model, inputs, predict) {
      const key = keyOf(model, inputs);
      const known = entries.get(key);
      if (known) {
        entries.delete(key);
        entries.set(key, known);
        return known.outputs;
      }
      const outputs = await predict();
      keep(key, outputs);
      return outputs;
    },
    bytes: () => held,
  };
}

/** Of all that an answer follows from: the model by its digest, names, datatypes, shapes and every bit of the values. */
function keyOf(model: string, inputs: readonly Tensor[]): string {
  const hash = createHash('sha256').update(model);
  for (const { name, datatype, shape, data } of inputs) {
    hash.update(JSON.stringify([name, datatype, shape]));
    hash.update(tensorToBytes(data));
  }
  return hash.digest('base64');
}

/** An answer may be a view of a whole batch, which would be kept with it. */
function ownTensor(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() };
}
