import { invalid, messageOf } from '#kernel/errors';
import { toTensorData, type ReceivedTensor } from '#operations/serving';
import { isTensorDatatype } from './datatypes.ts';

export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: readonly ReceivedTensor[];
  /** Names of the outputs asked for; undefined for all. */
  readonly outputs: readonly string[] | undefined;
}

const MAX_RANK = 8;

/**
 * Parses the body of an inference request (Open Inference Protocol v2, JSON form). Unknown members are let be, as the
 * protocol wants; extensions that would change the meaning are refused.
 * @throws DomainError INVALID_ARGUMENT naming the place
 */
export function parseInferRequest(bytes: Buffer): InferRequest {
  const body = parseObject(bytes);
  const { id, inputs, outputs } = body;
  if (id !== undefined && typeof id !== 'string') throw invalid('id is not a text', { field: 'id' });
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw invalid('inputs is missing: a list of tensors is needed', { field: 'inputs' });
  }
  return {
    id,
    inputs: inputs.map((input, index) => parseInput(input, `inputs[${index}]`)),
    outputs: outputs === undefined ? undefined : parseOutputs(outputs),
  };
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid(`The body is not JSON: ${messageOf(cause)}`, { field: 'body', cause });
  }
  if (!isRecord(body)) throw invalid('The body is not a JSON object', { field: 'body' });
  return body;
}

function parseInput(input: unknown, at: string): ReceivedTensor {
  if (!isRecord(input)) throw invalid(`${at} is not a tensor`, { field: at });
  const { name, datatype, shape, data, parameters } = input;
  if (typeof name !== 'string' || name === '') throw invalid(`${at}.name is missing`, { field: `${at}.name` });
  if (isRecord(parameters)) refuseExtensions(parameters, name);
  if (typeof datatype !== 'string' || !isTensorDatatype(datatype)) {
    throw invalid(`The datatype of '${name}' is ${JSON.stringify(datatype) ?? 'missing'}, which is not taken`, {
      field: `${at}.datatype`,
      hint: 'BOOL, INT8 to INT64, UINT8 to UINT64, FP16, FP32, FP64 and BYTES are.',
    });
  }
  const sizes = parseShape(shape, name, at);
  if (!Array.isArray(data)) throw invalid(`The input '${name}' has no data`, { field: `${at}.data` });
  const flat = flatten(data, name);
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (flat.length !== expected) {
    throw invalid(`The input '${name}' has ${flat.length} values; its shape [${sizes.join(', ')}] holds ${expected}`, {
      field: `${at}.data`,
    });
  }
  return {
    name,
    datatype,
    shape: sizes,
    data: toTensorData(flat, datatype, name),
    written: flat as (number | string | boolean | null)[],
  };
}

function parseShape(shape: unknown, name: string, at: string): number[] {
  const isShape =
    Array.isArray(shape) &&
    shape.length > 0 &&
    shape.length <= MAX_RANK &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (isShape) return shape as number[];
  throw invalid(`The shape of '${name}' is ${JSON.stringify(shape) ?? 'missing'}; sizes of 0 or more are needed`, {
    field: `${at}.shape`,
  });
}

/** Row-major values of data that is flat already or nested by dimension. */
function flatten(data: readonly unknown[], name: string): readonly unknown[] {
  if (!Array.isArray(data[0])) return data;
  const flat: unknown[] = [];
  const visit = (values: readonly unknown[], depth: number): void => {
    if (depth > MAX_RANK) throw invalid(`The data of '${name}' is nested too deep`, { field: name });
    for (const value of values) {
      if (Array.isArray(value)) visit(value, depth + 1);
      else flat.push(value);
    }
  };
  visit(data, 1);
  return flat;
}

function parseOutputs(outputs: unknown): string[] {
  if (!Array.isArray(outputs)) throw invalid('outputs is not a list', { field: 'outputs' });
  return outputs.map((output, index) => {
    const at = `outputs[${index}]`;
    if (!isRecord(output) || typeof output['name'] !== 'string')
      throw invalid(`${at}.name is missing`, { field: `${at}.name` });
    if (isRecord(output['parameters'])) refuseExtensions(output['parameters'], output['name']);
    return output['name'];
  });
}

const REFUSED = ['binary_data_size', 'shared_memory_region', 'classification'];

function refuseExtensions(parameters: Record<string, unknown>, name: string): void {
  const refused = REFUSED.find((parameter) => parameters[parameter] !== undefined);
  if (refused === undefined) return;
  throw invalid(`'${name}' asks for ${refused}, which this server does not offer`, {
    field: name,
    hint:
      refused === 'binary_data_size' ? 'Send the data as JSON (binary_data=False in tritonclient).' : 'Leave it out.',
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
