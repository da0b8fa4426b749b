type Floats = Float16Array | Float32Array | Float64Array;

/** Floats as a JSON list, NaN and infinities as null, -0 as 0. */
export function floatsJson(values: Floats): string {
  return JSON.stringify(Array.from(values));
}

export function isFloats(values: unknown): values is Floats {
  return values instanceof Float32Array || values instanceof Float64Array || values instanceof Float16Array;
}
