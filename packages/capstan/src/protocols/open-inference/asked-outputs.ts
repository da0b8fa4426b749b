import { DomainError, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Description, InferenceAnswer } from '#operations/serving';
import type { Tensor } from '#ports/model-runtime';
import type { AskedOutput } from './infer-request.ts';

/** Before the model is asked. @throws DomainError INVALID_ARGUMENT for an output that there is not, or that is named twice */
export function checkAsked(asked: readonly AskedOutput[], { outputs }: Description): void {
  const names = asked.map(({ name }) => name);
  const known = outputs.map((output) => output.name);
  for (const [index, name] of names.entries()) {
    const field = `outputs[${index}].name`;
    if (names.indexOf(name) !== index) throw invalid(`The output '${name}' is asked for twice`, { field });
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `It has: ${known.join(', ')}.` : `Did you mean '${near}'?`;
    throw invalid(`The model has no output '${name}'`, { field, hint });
  }
}

/**
 * The outputs by these names, in their order; all where none are named.
 * @throws DomainError UNAVAILABLE when what stands in for the model does not give one of them
 */
export function askedOutputs(names: readonly string[] | undefined, answer: InferenceAnswer): readonly Tensor[] {
  if (names === undefined) return answer.outputs;
  return names.map((name) => {
    const found = answer.outputs.find((output) => output.name === name);
    if (found) return found;
    throw new DomainError(
      'UNAVAILABLE',
      `There is no output '${name}' now: the baseline answers in place of the model`,
      {
        hint: 'Ask for the probabilities, or try again once the breaker is closed.',
      },
    );
  });
}
