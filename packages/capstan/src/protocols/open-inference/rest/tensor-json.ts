import type { Tensor, TensorData, TensorDatatype } from '#ports/model-runtime';

/** A tensor as the protocol writes it: flat, 64-bit integers bare, numbers that JSON has no form for as null. */
export function tensorJson(tensor: Tensor): string {
  return `${headJson(tensor)},"data":${valuesJson(tensor.datatype, tensor.data)}}`;
}

/** A tensor whose values are behind the JSON. */
export function binaryTensorJson(tensor: Tensor, bytes: number): string {
  return `${headJson(tensor)},"parameters":{"binary_data_size":${bytes}}}`;
}

function headJson({ name, datatype, shape }: Tensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
}

function valuesJson(datatype: TensorDatatype, data: TensorData): string {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return `[${data.join(',')}]`;
  if (!ArrayBuffer.isView(data)) return JSON.stringify(data);
  const values = Array.from<unknown>({ length: data.length });
  let hasMinusZero = false;
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    if (value === 0 && 1 / value < 0) hasMinusZero = true;
    values[index] = value;
  }
  if (datatype === 'BOOL') return JSON.stringify(values.map(Boolean));
  if (!hasMinusZero) return JSON.stringify(values);
  return `[${values.map((value) => (Object.is(value, -0) ? '-0.0' : JSON.stringify(value))).join(',')}]`;
}
