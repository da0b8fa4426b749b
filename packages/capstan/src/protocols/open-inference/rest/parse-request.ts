import { invalid } from '#kernel/errors';
import { toTensorData, type Description, type ReceivedTensor } from '#operations/serving';
import type { TensorDatatype, TensorSpec } from '#ports/model-runtime';
import { bytesPerValue, tensorFromBytes } from '#ports/tensor-bytes';
import { isTensorDatatype } from '../datatypes.ts';
import type { AskedOutput, InferRequest } from '../infer-request.ts';
import { refuseExtensions } from '../refused-parameters.ts';
import { checkedShape, valuesIn } from '../tensor-shape.ts';
import { capturedData } from './captured-tensor.ts';
import { flatten } from './flatten.ts';
import { capturedIn, isRecord, readEnvelope, type Envelope } from './read-envelope.ts';
import { HEADER_LENGTH, type BodyParts } from './split-body.ts';

const US_PER_MS = 1_000;

/**
 * Parses the body of an inference request (Open Inference Protocol v2 over HTTP with the binary tensor data extension).
 * Unknown members and parameters are let be, as the protocol wants; extensions that would change the meaning are refused.
 * @throws DomainError INVALID_ARGUMENT naming the place
 */
export function parseInferRequest({ json, binary }: BodyParts, description: Description): InferRequest {
  if (binary !== undefined && json.length === 0) return rawRequest(binary, description);
  const envelope = readEnvelope(json);
  const { id, outputs, parameters } = envelope.body;
  if (id !== undefined && typeof id !== 'string') throw invalid('id is not a text', { field: 'id' });
  const own = parametersOf(parameters, 'The request', 'parameters');
  return {
    id,
    inputs: parseInputs(envelope, binary) ?? parseInputs(readEnvelope(json, true), binary) ?? [],
    outputs: outputs === undefined || outputs === null ? undefined : parseOutputs(outputs),
    isBinaryByDefault: flag(own, 'binary_data_output', 'parameters') ?? false,
    timeoutMs: timeoutIn(own),
  };
}

/** The body is the bytes of the only input: as many rows as it has, or one text. */
function rawRequest(binary: Buffer, { inputs, contextColumns }: Description): InferRequest {
  const [spec, ...others] = inputs.filter(({ name }) => !contextColumns.includes(name));
  if (spec === undefined || others.length > 0) {
    throw invalid(`A body of bytes alone fits a model of one input; this one has ${others.length + 1}`, {
      field: HEADER_LENGTH,
      hint: 'Put the JSON that names the inputs before the bytes, and its length in Inference-Header-Content-Length.',
    });
  }
  const { name, datatype } = spec;
  const size = bytesPerValue(datatype);
  if (size === undefined) {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(binary.length);
    const shape = spec.shape.map(() => 1);
    const data = tensorFromBytes(Buffer.concat([prefix, binary]), datatype, 1, name);
    return whole({ name, datatype, shape, data });
  }
  const shape = rawShape(spec, binary.length / size);
  return whole({ name, datatype, shape, data: tensorFromBytes(binary, datatype, valuesIn(shape), name) });
}

/** The one size that is not known follows from the values there are: of rows, or of something else in a single row. */
function rawShape({ name, shape }: TensorSpec, count: number): readonly number[] {
  const [rows = 1, ...inner] = shape;
  const sizes = shape.length === 0 ? [] : [inner.includes(-1) && rows === -1 ? 1 : rows, ...inner];
  const unknown = sizes.indexOf(-1);
  const rest = valuesIn(sizes.filter((size) => size !== -1));
  const missing = unknown < 0 ? 1 : count / rest;
  const fits = count > 0 && Number.isSafeInteger(missing) && (unknown >= 0 || count === rest);
  if (fits && sizes.lastIndexOf(-1) === unknown) return sizes.map((size) => (size === -1 ? missing : size));
  throw invalid(`The body has ${count} values, which is no shape [${shape.join(', ')}] of '${name}'`, { field: name });
}

function whole(input: ReceivedTensor): InferRequest {
  return { id: undefined, inputs: [input], outputs: undefined, isBinaryByDefault: true, timeoutMs: undefined };
}

/** Undefined where integers must be read from their text, of which the envelope keeps nothing. */
function parseInputs(envelope: Envelope, binary: Buffer | undefined): ReceivedTensor[] | undefined {
  const { inputs } = envelope.body;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw invalid('inputs is missing: a list of tensors is needed', { field: 'inputs' });
  }
  const parsed: ReceivedTensor[] = [];
  let taken = 0;
  for (const [index, input] of inputs.entries()) {
    const tensor = parseInput(input, `inputs[${index}]`, envelope, binary?.subarray(taken));
    if (tensor === undefined) return undefined;
    taken += tensor.bytes;
    parsed.push(tensor.tensor);
  }
  const left = (binary?.length ?? 0) - taken;
  if (left === 0) return parsed;
  throw invalid(`The body has ${left} bytes more than its inputs say`, {
    field: 'inputs',
    hint: 'See binary_data_size of each input, and Inference-Header-Content-Length.',
  });
}

interface ParsedInput {
  readonly tensor: ReceivedTensor;
  /** Of the binary part. */
  readonly bytes: number;
}

function parseInput(input: unknown, at: string, envelope: Envelope, rest: Buffer | undefined): ParsedInput | undefined {
  if (!isRecord(input)) throw invalid(`${at} is not a tensor`, { field: at });
  const { name, datatype } = input;
  if (typeof name !== 'string' || name === '') throw invalid(`${at}.name is missing`, { field: `${at}.name` });
  const parameters = parametersOf(input['parameters'], `'${name}'`, `${at}.parameters`);
  if (typeof datatype !== 'string' || !isTensorDatatype(datatype)) {
    const said = typeof datatype === 'string' ? `'${datatype.slice(0, 60)}'` : 'missing';
    throw invalid(`The datatype of '${name}' is ${said}, which is not taken`, {
      field: `${at}.datatype`,
      hint: 'BOOL, INT8 to INT64, UINT8 to UINT64, FP16, FP32, FP64 and BYTES are.',
    });
  }
  const shape = checkedShape(input['shape'], name, at);
  const count = valuesIn(shape);
  const size = parameters['binary_data_size'];
  if (size !== undefined) {
    const bytes = binaryPart(size, name, at, rest);
    if (input['data'] !== undefined) {
      throw invalid(`The input '${name}' has both data and binary_data_size`, { field: `${at}.data` });
    }
    return {
      tensor: { name, datatype, shape, data: tensorFromBytes(bytes, datatype, count, name) },
      bytes: bytes.length,
    };
  }
  const numbers = capturedIn(envelope, input['data']);
  if (numbers !== undefined) {
    checkSizes(numbers.sizes, numbers.values.length, shape, name, at);
    return { tensor: { name, datatype, shape, data: capturedData(numbers, datatype, name) }, bytes: 0 };
  }
  const values = listed(input['data'], shape, name, at);
  if (mayHaveLost(values, datatype)) return undefined;
  const data = toTensorData(values, datatype, name);
  return { tensor: { name, datatype, shape, data }, bytes: 0 };
}

function binaryPart(size: unknown, name: string, at: string, rest: Buffer | undefined): Buffer {
  const field = `${at}.parameters.binary_data_size`;
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    throw invalid(`binary_data_size of '${name}' is no number of bytes`, { field });
  }
  if (rest === undefined) {
    throw invalid(`The input '${name}' is binary, but the request has no Inference-Header-Content-Length`, { field });
  }
  if (rest.length >= (size as number)) return rest.subarray(0, size as number);
  throw invalid(`The input '${name}' is cut off: it has ${rest.length} of ${String(size)} bytes`, { field });
}

function listed(data: unknown, shape: readonly number[], name: string, at: string): readonly unknown[] {
  const field = `${at}.data`;
  // Nested as the shape of a scalar says: not at all.
  if (shape.length === 0 && data !== undefined && typeof data !== 'object') return [data];
  if (!Array.isArray(data)) throw invalid(`The input '${name}' has no data`, { field, hint: 'Give a list of values.' });
  const flat = flatten(data);
  if (flat === 'deep') throw invalid(`The data of '${name}' is nested too deep`, { field });
  if (flat === 'ragged') throw invalid(`The data of '${name}' has rows of unequal length`, { field });
  checkSizes(flat.sizes, flat.values.length, shape, name, at);
  return flat.values;
}

/** Flat data has as many values as its shape says; nested data is nested as its shape says. */
function checkSizes(sizes: readonly number[], count: number, shape: readonly number[], name: string, at: string): void {
  const field = `${at}.data`;
  const expected = valuesIn(shape);
  if (count !== expected) {
    throw invalid(`The input '${name}' has ${count} values; its shape [${shape.join(', ')}] holds ${expected}`, {
      field,
    });
  }
  if (sizes.length === 1 || count === 0) return;
  if (sizes.length === shape.length && sizes.every((size, axis) => size === shape[axis])) return;
  throw invalid(`The data of '${name}' is nested as [${sizes.join(', ')}]; its shape is [${shape.join(', ')}]`, {
    field,
    hint: 'Nest it as its shape says, or send it flat.',
  });
}

/** JSON.parse has made doubles of what may have been other integers. */
function mayHaveLost(values: readonly unknown[], datatype: TensorDatatype): boolean {
  if (datatype !== 'INT64' && datatype !== 'UINT64') return false;
  return values.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value));
}

function parseOutputs(outputs: unknown): AskedOutput[] | undefined {
  if (!Array.isArray(outputs)) throw invalid('outputs is not a list', { field: 'outputs' });
  if (outputs.length === 0) return undefined;
  return outputs.map((output, index) => {
    const at = `outputs[${index}]`;
    if (!isRecord(output) || typeof output['name'] !== 'string')
      throw invalid(`${at}.name is missing`, { field: `${at}.name` });
    const { name } = output;
    const parameters = parametersOf(output['parameters'], `'${name}'`, `${at}.parameters`);
    return { name, isBinary: flag(parameters, 'binary_data', `${at}.parameters`) };
  });
}

function parametersOf(parameters: unknown, whose: string, field: string): Readonly<Record<string, unknown>> {
  if (parameters === undefined || parameters === null) return {};
  if (!isRecord(parameters)) throw invalid(`${field} is not an object`, { field });
  refuseExtensions(parameters, whose);
  return parameters;
}

/** Triton's parameter, in microseconds; 0 is none. */
function timeoutIn({ timeout }: Readonly<Record<string, unknown>>): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined;
  if (typeof timeout === 'number' && timeout > 0) return timeout / US_PER_MS;
  throw invalid('timeout is no number of microseconds', { field: 'parameters.timeout' });
}

function flag(parameters: Readonly<Record<string, unknown>>, name: string, at: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${name} is neither true nor false`, { field: `${at}.${name}` });
}
