import { invalid } from '#kernel/errors';
import type { ReceivedTensor } from '#operations/serving';
import { tensorFromBytes } from '#ports/tensor-bytes';
import { isTensorDatatype } from '../datatypes.ts';
import type { AskedOutput } from '../infer-request.ts';
import { refuseExtensions } from '../refused-parameters.ts';
import { checkedShape, valuesIn } from '../tensor-shape.ts';
import { readContents, type ContentsPlace } from './read-contents.ts';
import { WIRE, WireReader } from './wire-reader.ts';

export interface InferCall {
  readonly model: string;
  /** Empty: none named. */
  readonly version: string;
  /** Empty: none given. */
  readonly id: string;
  readonly inputs: readonly ReceivedTensor[];
  /** Undefined for all. */
  readonly outputs: readonly AskedOutput[] | undefined;
}

interface WireTensor {
  name: string;
  datatype: string;
  shape: number[];
  parameters: Record<string, unknown>;
  contents: ContentsPlace[];
}

/** More sizes than a shape may have are not collected, only told. */
const MOST_SIZES = 32;
const tagOf = (field: number, wire: number): number => field * 8 + wire;
const TAGS = {
  text1: tagOf(1, WIRE.BYTES),
  text2: tagOf(2, WIRE.BYTES),
  text3: tagOf(3, WIRE.BYTES),
  parameters4: tagOf(4, WIRE.BYTES),
  message5: tagOf(5, WIRE.BYTES),
  message6: tagOf(6, WIRE.BYTES),
  bytes7: tagOf(7, WIRE.BYTES),
  number3: tagOf(3, WIRE.VARINT),
} as const;

/**
 * Reads a ModelInferRequest: tensors as raw bytes or as typed contents, never both. Unknown fields and parameters are let
 * be; extensions that would change the meaning are refused.
 * @throws DomainError INVALID_ARGUMENT naming the place
 */
export function decodeInfer(bytes: Buffer): InferCall {
  const reader = new WireReader(bytes);
  const call = { model: '', version: '', id: '' };
  const tensors: WireTensor[] = [];
  const outputs: AskedOutput[] = [];
  const parameters: Record<string, unknown> = {};
  const raw: Buffer[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.bytes7) raw.push(reader.view());
    else if (tag === TAGS.message5) tensors.push(readTensor(reader));
    else if (tag === TAGS.message6) outputs.push(readOutput(reader));
    else if (tag === TAGS.text1) call.model = reader.text();
    else if (tag === TAGS.text2) call.version = reader.text();
    else if (tag === TAGS.text3) call.id = reader.text();
    else if (tag === TAGS.parameters4) readParameter(reader, parameters);
    else reader.skip(tag);
  }
  refuseExtensions(parameters, 'The request');
  return { ...call, inputs: inputsOf(bytes, tensors, raw), outputs: outputs.length === 0 ? undefined : outputs };
}

function readTensor(outer: WireReader): WireTensor {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  const tensor: WireTensor = { name: '', datatype: '', shape: [], parameters: {}, contents: [] };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.text1) tensor.name = reader.text();
    else if (tag === TAGS.text2) tensor.datatype = reader.text();
    else if (tag === TAGS.text3) {
      const packedEnd = reader.lengthEnd();
      const sizes = new WireReader(reader.bytes, reader.at, packedEnd);
      while (sizes.at < packedEnd) pushSize(tensor, sizes.varint());
      reader.at = packedEnd;
    } else if (tag === TAGS.number3) pushSize(tensor, reader.varint());
    else if (tag === TAGS.parameters4) readParameter(reader, tensor.parameters);
    else if (tag === TAGS.message5) {
      const contentsEnd = reader.lengthEnd();
      tensor.contents.push({ start: reader.at, end: contentsEnd });
      reader.at = contentsEnd;
    } else reader.skip(tag);
  }
  outer.at = end;
  return tensor;
}

/** A negative size comes as a number beyond 2^63, and is refused like any that no array has. */
function pushSize(tensor: WireTensor, size: number): void {
  if (tensor.shape.length < MOST_SIZES) tensor.shape.push(Number.isSafeInteger(size) ? size : -1);
}

function readOutput(outer: WireReader): AskedOutput {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  const parameters: Record<string, unknown> = {};
  let name = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.text1) name = reader.text();
    else if (tag === TAGS.text2) readParameter(reader, parameters);
    else reader.skip(tag);
  }
  outer.at = end;
  refuseExtensions(parameters, `The output '${name}'`);
  return { name, isBinary: true };
}

/** An entry of the map of parameters: a message with a key and a value, which is a message with one of five fields. */
function readParameter(outer: WireReader, into: Record<string, unknown>): void {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  let key = '';
  let value: unknown;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.text1) key = reader.text();
    else if (tag === TAGS.text2) value = readValue(reader);
    else reader.skip(tag);
  }
  outer.at = end;
  // No key of a caller's reaches an object's prototype.
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}

function readValue(outer: WireReader): unknown {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  let value: unknown;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag % 8 === WIRE.VARINT) value = reader.varint();
    else if (tag === TAGS.text3) value = reader.text();
    else {
      value = true;
      reader.skip(tag);
    }
  }
  outer.at = end;
  return value;
}

function inputsOf(bytes: Buffer, tensors: readonly WireTensor[], raw: readonly Buffer[]): ReceivedTensor[] {
  if (tensors.length === 0) throw invalid('inputs is missing: a list of tensors is needed', { field: 'inputs' });
  if (raw.length > 0 && raw.length !== tensors.length) {
    throw invalid(`There are ${raw.length} raw_input_contents for ${tensors.length} inputs`, {
      field: 'raw_input_contents',
      hint: 'Send one for each input, in their order, or none and typed contents.',
    });
  }
  return tensors.map((tensor, index) => inputOf(bytes, tensor, raw[index], `inputs[${index}]`));
}

function inputOf(bytes: Buffer, tensor: WireTensor, raw: Buffer | undefined, at: string): ReceivedTensor {
  const { name, datatype, shape, parameters, contents } = tensor;
  if (name === '') throw invalid(`${at}.name is missing`, { field: `${at}.name` });
  refuseExtensions(parameters, `The input '${name}'`);
  if (!isTensorDatatype(datatype)) {
    throw invalid(`The datatype of '${name}' is '${datatype}', which is not taken`, {
      field: `${at}.datatype`,
      hint: 'BOOL, INT8 to INT64, UINT8 to UINT64, FP16, FP32, FP64 and BYTES are.',
    });
  }
  checkedShape(shape, name, at);
  const count = valuesIn(shape);
  if (raw === undefined) {
    return { name, datatype, shape, data: readContents(bytes, contents, { name, datatype, count }) };
  }
  if (contents.some(({ start, end }) => end > start)) {
    throw invalid(`The input '${name}' has contents, and raw_input_contents too`, {
      field: `${at}.contents`,
      hint: 'Send one of them.',
    });
  }
  return { name, datatype, shape, data: tensorFromBytes(raw, datatype, count, name) };
}
