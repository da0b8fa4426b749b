import { z } from 'zod';
import { invalid } from '#kernel/errors';
import { parseLocatedYaml } from '#kernel/located-yaml';
import type { TensorDatatype, TensorSpec } from './model-runtime.ts';

/** One input or output as MLflow's signatures tell it: a column of a table, or a tensor. */
export type SignatureItem =
  | { readonly kind: 'column'; readonly name: string | null; readonly type: string; readonly isRequired: boolean }
  | {
      readonly kind: 'tensor';
      readonly name: string | null;
      /** NumPy's name of the type, `float64` for example. */
      readonly dtype: string;
      readonly shape: readonly number[];
    };

const item = z.union([
  z
    .looseObject({
      type: z.literal('tensor'),
      name: z.string().nullish(),
      'tensor-spec': z.looseObject({ dtype: z.string(), shape: z.array(z.int().min(-1)) }),
    })
    .transform(({ name, 'tensor-spec': { dtype, shape } }): SignatureItem => {
      return { kind: 'tensor', name: name ?? null, dtype, shape };
    }),
  z
    .looseObject({ type: z.string(), name: z.string().nullish(), required: z.boolean().default(true) })
    .transform(({ type, name, required }): SignatureItem => {
      return { kind: 'column', name: name ?? null, type, isRequired: required };
    }),
]);

/**
 * The inputs or outputs of a signature, from the JSON text that an MLmodel file has for them.
 * @throws DomainError INVALID_ARGUMENT when it is none
 */
function parseSignature(json: string): readonly SignatureItem[] {
  try {
    return z.array(item).parse(JSON.parse(json));
  } catch (cause) {
    throw invalid('The signature in the MLmodel file cannot be read', { field: 'signature', cause });
  }
}

const description = z.looseObject({ signature: z.looseObject({ inputs: z.string().nullish() }).nullish() });

/**
 * The inputs that the text of an MLmodel file tells; null where it has no signature of them.
 * @throws DomainError INVALID_ARGUMENT
 */
export function signatureInputs(text: string): readonly SignatureItem[] | null {
  const inputs = parseLocatedYaml('MLmodel', text, description).value.signature?.inputs;
  return inputs === undefined || inputs === null ? null : parseSignature(inputs);
}

/** MLflow's types of columns; what is no single value a row (arrays, objects, maps) travels as its JSON text. */
const OF_COLUMN: Readonly<Record<string, TensorDatatype>> = {
  boolean: 'BOOL',
  integer: 'INT32',
  long: 'INT64',
  float: 'FP32',
  double: 'FP64',
};

const OF_DTYPE: Readonly<Record<string, TensorDatatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
};

/** The tensor that carries an item over the Open Inference Protocol: a column is one value a row. */
export function specOfItem(item: SignatureItem, index: number): TensorSpec {
  const name = item.name ?? (index === 0 ? 'input' : `input-${index}`);
  if (item.kind === 'column') return { name, datatype: OF_COLUMN[item.type] ?? 'BYTES', shape: [-1] };
  return { name, datatype: OF_DTYPE[item.dtype] ?? 'BYTES', shape: item.shape };
}
