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
    const values = scalars(output);
    const shown = labels === undefined ? nested(values, output.shape) : mapped(values, labels);
    return `${JSON.stringify(output.name)}:${shown}`;
  });
  return `{"predictions":{${members.join(',')}}}`;
}

function scalars({ datatype, data }: Tensor): string[] {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data, String);
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, (value) => (value === 0 ? 'false' : 'true'));
  return Array.from(data as ArrayLike<number | string>, (value) =>
    Object.is(value, -0) ? '-0.0' : JSON.stringify(value),
  );
}

function nested(values: readonly string[], shape: readonly number[]): string {
  if (shape.length === 0) return values[0] ?? 'null';
  const [size = 0, ...inner] = shape;
  if (inner.length === 0) return `[${values.join(',')}]`;
  const step = inner.reduce((product, axis) => product * axis, 1);
  const rows = Array.from({ length: size }, (_, row) => nested(values.slice(row * step, (row + 1) * step), inner));
  return `[${rows.join(',')}]`;
}

function mapped(values: readonly string[], labels: readonly string[]): string {
  const keys = labels.map((label) => JSON.stringify(label));
  const rows: string[] = [];
  for (let at = 0; at < values.length; at += keys.length) {
    rows.push(`{${keys.map((key, column) => `${key}:${values[at + column]}`).join(',')}}`);
  }
  return `[${rows.join(',')}]`;
}
