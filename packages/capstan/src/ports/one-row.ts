import type { LoadedModel, Tensor, TensorSpec } from './model-runtime.ts';

/**
 * Whether a request is one row as a whole, since the model's tensors have no dimension of rows: an input is a scalar, or
 * first dimensions differ. Otherwise the first dimension of all inputs is rows, any number of them or a fixed one, and then
 * that of the outputs too.
 */
export function isOneRow({ inputs, outputs }: Pick<LoadedModel, 'inputs' | 'outputs'>): boolean {
  const [first] = inputs;
  if (!first) return false;
  const [size] = first.shape;
  if (size === undefined || inputs.some(({ shape }) => shape[0] !== size)) return true;
  return size !== -1 && outputs.some(({ shape }) => shape[0] !== size && shape[0] !== -1);
}

/** A tensor of such a model as rows see it. */
export function inRows(spec: TensorSpec): TensorSpec {
  return { ...spec, shape: [-1, ...spec.shape] };
}

/** Such a model as rows see it: they are the first dimension of all its tensors, and it takes one at a time. */
export function oneByOne(model: LoadedModel): LoadedModel {
  return {
    ...model,
    inputs: model.inputs.map(inRows),
    outputs: model.outputs.map(inRows),
    async predict(inputs, options) {
      const whole = inputs.map((tensor) => ({ ...tensor, shape: tensor.shape.slice(1) }));
      const outputs = await model.predict(whole, options);
      return outputs.map((tensor) => ({ ...tensor, shape: [1, ...tensor.shape] }));
    },
  };
}

/**
 * How many times as much a request asks of a model as its trial's one row did, where all sizes that the model leaves open
 * are 1: rows times the largest product of the others.
 */
export function timesOneRow(specs: readonly TensorSpec[]): (inputs: readonly Tensor[]) => number {
  const isPlain = specs.every(({ shape }) => shape[0] === -1 && !shape.includes(-1, 1));
  if (isPlain) return (inputs) => inputs[0]?.shape[0] ?? 1;
  const open = specs.map(({ shape }) => shape.flatMap((size, axis) => (size === -1 ? [axis] : [])));
  return (inputs) =>
    inputs.reduce((most, { shape }, index) => {
      const times = (open[index] ?? []).reduce((product, axis) => product * (shape[axis] ?? 1), 1);
      return Math.max(most, times);
    }, 1);
}
