import type { Tensor } from '#ports/model-runtime';

/** Each value of a tensor as JSON: 64-bit integers whole, minus zero kept, numbers that JSON has no form for as null. */
export function scalarsJson({ datatype, data }: Tensor): string[] {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data, String);
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, (value) => (value === 0 ? 'false' : 'true'));
  return Array.from(data as ArrayLike<number | string>, (value) =>
    Object.is(value, -0) ? '-0.0' : JSON.stringify(value),
  );
}

/** Such values as lists by these dimensions; one value without any. */
export function nestedJson(values: readonly string[], shape: readonly number[]): string {
  if (shape.length === 0) return values[0] ?? 'null';
  const [size = 0, ...inner] = shape;
  if (inner.length === 0) return `[${values.join(',')}]`;
  const step = inner.reduce((product, axis) => product * axis, 1);
  const rows = Array.from({ length: size }, (_, row) => nestedJson(values.slice(row * step, (row + 1) * step), inner));
  return `[${rows.join(',')}]`;
}
