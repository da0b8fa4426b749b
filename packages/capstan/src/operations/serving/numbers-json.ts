type Floats = Float16Array | Float32Array | Float64Array;

/** Outputs are printed into the log and into the answer; printing them is the most of answering many rows. */
const printed = new WeakMap<Floats, string>();

/** Floats as a JSON list, NaN and infinities as null, -0 as 0. The values must not change after. */
export function floatsJson(values: Floats): string {
  const known = printed.get(values);
  if (known !== undefined) return known;
  const text = JSON.stringify(Array.from(values));
  printed.set(values, text);
  return text;
}

export function isFloats(values: unknown): values is Floats {
  return values instanceof Float32Array || values instanceof Float64Array || values instanceof Float16Array;
}
