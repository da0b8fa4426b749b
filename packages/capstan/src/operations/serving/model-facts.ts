import type { InputAdapter } from '@capstan/api';
import { invalid } from '#kernel/errors';
import type { LoadedModel } from '#ports/model-runtime';

export { probabilitiesIn, probabilityPlace, widthOf, type ProbabilityPlace } from '#ports/binary-probability';

/** @throws DomainError INVALID_ARGUMENT when rows cannot be sent together, or an adapter names no float input */
export function checkServable(
  model: Pick<LoadedModel, 'inputs'>,
  adapters: Readonly<Record<string, InputAdapter>>,
): void {
  for (const input of model.inputs) {
    if (input.shape[0] !== -1) {
      throw invalid(`The first dimension of the input '${input.name}' is fixed (${input.shape[0] ?? 'a scalar'})`, {
        field: input.name,
        hint: 'Export the model with a dynamic batch dimension.',
      });
    }
    if (input.shape.slice(1).includes(-1)) {
      throw invalid(`The input '${input.name}' has more than one dynamic dimension`, { field: input.name });
    }
  }
  for (const column of Object.keys(adapters)) {
    const input = model.inputs.find((candidate) => candidate.name === column);
    if (input?.datatype !== 'FP32' && input?.datatype !== 'FP64') {
      const reason = input ? `it is ${input.datatype}` : 'the model has no such input';
      throw invalid(`The adapter of '${column}' does not apply: ${reason}`, { field: `inputAdapters.${column}` });
    }
  }
}
