import { invalid } from '#kernel/errors';
import type { Tensor, TensorSpec } from './model-runtime.ts';

/** Where in a model's outputs the positive class's probability stands. */
export interface ProbabilityPlace {
  readonly output: string;
  /** Values a row has in that output, and which of them it is. */
  readonly width: number;
  readonly index: number;
}

const PROBABILITY_NAMES = /^(output_)?probabilit(y|ies)$/i;

/**
 * Finds the probability among the outputs of a binary classifier: the float output called `probabilities`,
 * `probability` or `output_probability`, else the only float output; of two columns the second, of one that one.
 * @throws DomainError INVALID_ARGUMENT when there is no such output
 */
export function probabilityPlace(outputs: readonly TensorSpec[]): ProbabilityPlace {
  const floats = outputs.filter((output) => output.datatype === 'FP32' || output.datatype === 'FP64');
  const found =
    floats.find((output) => PROBABILITY_NAMES.test(output.name)) ?? (floats.length === 1 ? floats[0] : undefined);
  const shown = outputs.map((output) => `${output.name} ${output.datatype} [${output.shape.join(', ')}]`).join('; ');
  if (!found)
    throw invalid(`No output of the model is a probability (it has ${shown || 'none'})`, { field: 'outputs' });
  const width = found.shape.length === 1 ? 1 : found.shape.length === 2 ? found.shape[1] : undefined;
  if (width !== 1 && width !== 2) {
    throw invalid(
      `The output '${found.name}' is not the probability of two classes (it is [${found.shape.join(', ')}])`,
      {
        field: 'outputs',
        hint: 'A binary classifier gives one column, or two of which the second is the positive class.',
      },
    );
  }
  return { output: found.name, width, index: width - 1 };
}

/** The probabilities of an answer, by row. @throws Error when one of them is none */
export function probabilitiesIn(outputs: readonly Tensor[], place: ProbabilityPlace, rows: number): Float64Array {
  const data = outputs.find((output) => output.name === place.output)?.data;
  if (!(data instanceof Float32Array || data instanceof Float64Array) || data.length !== rows * place.width) {
    throw new Error(`the output '${place.output}' does not have ${rows} rows`);
  }
  const probabilities = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const value = data[row * place.width + place.index] ?? Number.NaN;
    if (!(value >= 0 && value <= 1))
      throw new Error(`the output '${place.output}' is ${value}, which is no probability`);
    probabilities[row] = value;
  }
  return probabilities;
}

/** Values a row has in a tensor of this shape. */
export function widthOf(shape: readonly number[]): number {
  let width = 1;
  for (let axis = 1; axis < shape.length; axis++) width *= shape[axis] ?? 1;
  return width;
}
