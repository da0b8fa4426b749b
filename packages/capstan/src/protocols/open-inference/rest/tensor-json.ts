import { floatsJson, isFloats } from '#operations/serving';
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
  if (datatype === 'BOOL') return JSON.stringify(Array.from(data, Boolean));
  if (!isFloats(data)) return JSON.stringify(Array.from(data));
  if (!hasMinusZero(data)) return floatsJson(data);
  return `[${Array.from(data, (value) => (Object.is(value, -0) ? '-0.0' : JSON.stringify(value))).join(',')}]`;
}

function hasMinusZero(values: ArrayLike<number>): boolean {
  for (let index = 0; index < values.length; index++) if (Object.is(values[index], -0)) return true;
  return false;
}
