import type { Description } from '#operations/serving';
import type { TensorSpec } from '#ports/model-runtime';
import { inRows } from '#ports/one-row';

/** A deployment as rows see it: a dimension of rows is the first of every tensor, also where each request is one of them. */
export function byRow(description: Description): Description {
  if (description.isOneRow !== true) return description;
  const { inputs, outputs, contextColumns } = description;
  const inRow = (spec: TensorSpec): TensorSpec => (contextColumns.includes(spec.name) ? spec : inRows(spec));
  return { ...description, inputs: inputs.map(inRow), outputs: outputs.map(inRow), isOneRow: false };
}
