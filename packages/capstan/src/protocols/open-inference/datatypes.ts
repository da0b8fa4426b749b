import { TENSOR_DATATYPES, type TensorDatatype } from '#ports/model-runtime';

const DATATYPES: ReadonlySet<string> = new Set(TENSOR_DATATYPES);

export function isTensorDatatype(text: string): text is TensorDatatype {
  return DATATYPES.has(text);
}
