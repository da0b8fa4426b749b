import type { Tensor, TensorData, TensorDatatype } from '#ports/model-runtime';

/** A tensor as the protocol writes it: flat, 64-bit integers bare, numbers that JSON has no form for as null. */
export function tensorJson({ name, datatype, shape, data }: Tensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":${valuesJson(datatype, data)}}`;
}

function valuesJson(datatype: TensorDatatype, data: TensorData): string {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return `[${data.join(',')}]`;
  if (datatype === 'BOOL') return JSON.stringify(Array.from(data as Uint8Array, Boolean));
  return JSON.stringify(ArrayBuffer.isView(data) ? Array.from(data as Float64Array) : data);
}
