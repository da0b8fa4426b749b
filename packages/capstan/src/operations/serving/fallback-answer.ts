import type { Tensor, TensorSpec } from '#ports/model-runtime';
import type { ProbabilityPlace } from './model-facts.ts';

/**
 * The baseline's constant in the shape of the model's answer: its probability output, and the class label where a
 * model gives one as 64-bit integers. Other outputs have no meaning without a model and are left out.
 */
export function fallbackAnswer(
  outputs: readonly TensorSpec[],
  place: ProbabilityPlace,
  facts: { readonly rows: number; readonly probability: number; readonly threshold: number },
): Tensor[] {
  const { rows, probability, threshold } = facts;
  const answer: Tensor[] = [];
  for (const { name, datatype, shape } of outputs) {
    const whole = [rows, ...shape.slice(1)];
    if (name === place.output) {
      const data = datatype === 'FP64' ? new Float64Array(rows * place.width) : new Float32Array(rows * place.width);
      for (let row = 0; row < rows; row++) {
        if (place.width === 2) data[row * 2] = 1 - probability;
        data[row * place.width + place.index] = probability;
      }
      answer.push({ name, datatype, shape: whole, data });
    } else if (datatype === 'INT64' && shape.length === 1) {
      const label = probability >= threshold ? 1n : 0n;
      answer.push({ name, datatype, shape: whole, data: new BigInt64Array(rows).fill(label) });
    }
  }
  return answer;
}
