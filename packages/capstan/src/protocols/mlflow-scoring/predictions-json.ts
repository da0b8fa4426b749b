import { nestedJson, scalarsJson } from '#operations/serving';
import type { Tensor } from '#ports/model-runtime';

/**
 * `{"predictions": {output: values}}`, nested by dimension; numbers that JSON has no form for as null. An output with labels
 * is a list of maps from label to value, one for each row.
 */
export function predictionsJson(
  outputs: readonly Tensor[],
  classLabels: Readonly<Record<string, readonly string[]>>,
): string {
  const members = outputs.map((output) => {
    const labels = classLabels[output.name];
    const values = scalarsJson(output);
    const shown = labels === undefined ? nestedJson(values, output.shape) : mapped(values, labels);
    return `${JSON.stringify(output.name)}:${shown}`;
  });
  return `{"predictions":{${members.join(',')}}}`;
}

function mapped(values: readonly string[], labels: readonly string[]): string {
  const keys = labels.map((label) => JSON.stringify(label));
  const rows: string[] = [];
  for (let at = 0; at < values.length; at += keys.length) {
    rows.push(`{${keys.map((key, column) => `${key}:${values[at + column]}`).join(',')}}`);
  }
  return `[${rows.join(',')}]`;
}
