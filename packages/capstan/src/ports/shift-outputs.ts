import { shiftedProbability } from '#kernel/statistics/recalibration';
import type { ProbabilityPlace } from './binary-probability.ts';
import type { Tensor } from './model-runtime.ts';

/**
 * The model's answer with the log odds of its probability moved, in the precision of its output; of two columns the other
 * one is the rest to 1. What else the model says, e.g. a label of its own, stays as it is.
 */
export function shiftOutputs(outputs: readonly Tensor[], place: ProbabilityPlace, shift: number): readonly Tensor[] {
  if (shift === 0) return outputs;
  return outputs.map((output) => {
    const { data } = output;
    if (output.name !== place.output || !(data instanceof Float32Array || data instanceof Float64Array)) return output;
    const moved = data.slice();
    for (let at = place.index; at < moved.length; at += place.width) {
      const probability = shiftedProbability(data[at] ?? Number.NaN, shift);
      moved[at] = probability;
      if (place.width === 2) moved[at - 1] = 1 - probability;
    }
    return { ...output, data: moved };
  });
}
