import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { TensorSpec } from '#ports/model-runtime';

/** Another number of rows is no other input. */
const kindOf = ({ datatype, shape }: TensorSpec): string =>
  `${datatype} of shape [${(shape.length === 0 ? [] : ['-1', ...shape.slice(1)]).join(', ')}]`;

/**
 * Callers send what the champion takes. A version that takes anything else would refuse them all from the moment that it
 * answers alone, and without guards nothing would notice before.
 * @throws DomainError INVALID_ARGUMENT naming the input and what was meant
 */
export function requireSentInputs(
  { model, version }: { readonly model: string; readonly version: number },
  taken: readonly TensorSpec[],
  sent: readonly TensorSpec[],
): void {
  for (const input of taken) {
    const same = sent.find(({ name }) => name === input.name);
    if (same && kindOf(same) === kindOf(input)) continue;
    const near = nearest(
      input.name,
      sent.map(({ name }) => name),
    );
    const fix = same
      ? `They send ${kindOf(same)}.`
      : near === undefined
        ? `They send ${sent.map(({ name }) => name).join(', ')}.`
        : `Did you mean '${near}'?`;
    throw invalid(`${model}/${version} takes the input '${input.name}' as ${kindOf(input)}, which no caller sends`, {
      field: 'version',
      hint: `${fix} Where callers will send it from now on, say so: newInputs (--new-inputs).`,
      details: { input: input.name },
    });
  }
}
