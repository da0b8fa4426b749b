import type { Description } from '#operations/serving';
import type { TensorDatatype, TensorSpec } from '#ports/model-runtime';
import { byRow } from './by-row.ts';
import { innerDimensions } from './column-schema.ts';

/** More values than that are no example that anybody reads. */
const MOST_VALUES = 64;

function exampleScalar(datatype: TensorDatatype): number | string | boolean {
  if (datatype === 'BOOL') return true;
  if (datatype === 'BYTES') return 'text';
  return datatype.startsWith('FP') ? 0.5 : 1;
}

/** A value that fits the input; undefined where a row has too many of them. */
export function exampleValue({ datatype, shape }: TensorSpec): unknown {
  const dimensions = innerDimensions(shape).map((size) => (size < 0 ? 2 : size));
  const width = dimensions.reduce((product, size) => product * size, 1);
  if (width > MOST_VALUES) return undefined;
  return dimensions.reduceRight<unknown>(
    (value, size) => Array.from({ length: size }, () => value),
    exampleScalar(datatype),
  );
}

/** The inputs of the model itself. */
export function modelInputs({ inputs, contextColumns }: Description): readonly TensorSpec[] {
  return inputs.filter(({ name }) => !contextColumns.includes(name));
}

/** A row that the model takes; undefined where that is too long. */
export function exampleRow(description: Description): Readonly<Record<string, unknown>> | undefined {
  const members = modelInputs(byRow(description)).map((spec) => [spec.name, exampleValue(spec)] as const);
  return members.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(members);
}

/** The values of a row's input one after the other, as tensors are sent. */
export function exampleTensor(spec: TensorSpec) {
  const shape = spec.shape.map((size, axis) => (axis === 0 && size < 0 ? 1 : size < 0 ? 2 : size));
  const width = shape.reduce((product, size) => product * size, 1);
  const data = Array.from({ length: width }, () => exampleScalar(spec.datatype));
  return { name: spec.name, datatype: spec.datatype, shape, data };
}
