import type { TensorDatatype } from '#ports/model-runtime';

const DATATYPES: ReadonlySet<string> = new Set<TensorDatatype>([
  'BOOL',
  'UINT8',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'UINT16',
  'UINT32',
  'UINT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
]);

export function isTensorDatatype(text: string): text is TensorDatatype {
  return DATATYPES.has(text);
}
