import type { Description } from '#operations/serving';
import type { TensorDatatype, TensorSpec } from '#ports/model-runtime';

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

const SCALARS: Readonly<Record<TensorDatatype, Schema>> = {
  BOOL: { type: 'boolean' },
  UINT8: { type: 'integer', minimum: 0, maximum: 255 },
  INT8: { type: 'integer', minimum: -128, maximum: 127 },
  INT16: { type: 'integer', minimum: -32_768, maximum: 32_767 },
  INT32: { type: 'integer', format: 'int32', minimum: -2_147_483_648, maximum: 2_147_483_647 },
  INT64: { type: 'integer', format: 'int64' },
  UINT16: { type: 'integer', minimum: 0, maximum: 65_535 },
  UINT32: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
  UINT64: { type: 'integer', minimum: 0 },
  // A missing value.
  FP16: { type: ['number', 'null'] },
  FP32: { type: ['number', 'null'], format: 'float' },
  FP64: { type: ['number', 'null'], format: 'double' },
  BYTES: { type: 'string' },
};

/** What one row has of an input or an output: a value, or lists of them by dimension. */
function valueSchema({ datatype, shape }: Pick<TensorSpec, 'datatype' | 'shape'>): Schema {
  return innerDimensions(shape).reduceRight<Schema>(
    (items, size) => ({ type: 'array', items, ...(size >= 0 && { minItems: size, maxItems: size }) }),
    SCALARS[datatype],
  );
}

/** The dimensions of one row; none where that is one value. */
export function innerDimensions(shape: readonly number[]): readonly number[] {
  const inner = shape.slice(1);
  return inner.every((size) => size === 1) ? [] : inner;
}

/** A row of `/predict`. Context columns and optional inputs may be left out. */
export function rowSchema({ inputs, contextColumns }: Description): Schema {
  const members = inputs.map((spec) => {
    if (!contextColumns.includes(spec.name)) return [spec.name, { ...valueSchema(spec), title: spec.datatype }];
    return [spec.name, { type: ['string', 'integer'], description: contextNote(spec) }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(members),
    required: inputs
      .filter(({ name, isOptional }) => isOptional !== true && !contextColumns.includes(name))
      .map(({ name }) => name),
    additionalProperties: false,
  };
}

/** What a context column is for. */
export function contextNote({ datatype }: TensorSpec): string {
  return datatype === 'INT64'
    ? 'Time of the event: milliseconds since 1970, or ISO 8601. Logged, not fed to the model'
    : 'Id of the row, by which outcomes are sent. Logged, not fed to the model';
}

/** The outputs of a row. None is promised: the constant of an open breaker stands in with some of them only. */
export function outputsSchema({ outputs, classLabels }: Description): Schema {
  const members = outputs.map((spec) => {
    const labels = classLabels[spec.name];
    const value = SCALARS[spec.datatype];
    return [
      spec.name,
      labels === undefined
        ? { ...valueSchema(spec), title: spec.datatype }
        : { type: 'object', properties: Object.fromEntries(labels.map((label) => [label, value])) },
    ];
  });
  return { type: 'object', properties: Object.fromEntries(members) };
}
