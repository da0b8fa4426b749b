import { invalid } from '#kernel/errors';
import type { ReceivedTensor } from '#operations/serving';
import { tensorFromBytes } from '#ports/tensor-bytes';
import { isTensorDatatype } from '../datatypes.ts';
import { readContents, type ContentsPlace } from './read-contents.ts';
import { WIRE, WireReader } from './wire-reader.ts';

export interface InferCall {
  readonly model: string;
  /** Empty: none named. */
  readonly version: string;
  /** Empty: none given. */
  readonly id: string;
  readonly inputs: readonly ReceivedTensor[];
  /** Names of the outputs asked for; undefined for all. */
  readonly outputs: readonly string[] | undefined;
}

interface WireTensor {
  name: string;
  datatype: string;
  shape: number[];
  contents: ContentsPlace[];
}

const MAX_RANK = 8;
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
  const outputs: string[] = [];
  const raw: Buffer[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.bytes7) raw.push(reader.view());
    else if (tag === TAGS.message5) tensors.push(readTensor(reader));
    else if (tag === TAGS.message6) outputs.push(readOutput(reader));
    else if (tag === TAGS.text1) call.model = reader.text();
    else if (tag === TAGS.text2) call.version = reader.text();
    else if (tag === TAGS.text3) call.id = reader.text();
    else reader.skip(tag);
  }
  return { ...call, inputs: inputsOf(bytes, tensors, raw), outputs: outputs.length === 0 ? undefined : outputs };
}

function readTensor(outer: WireReader): WireTensor {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  const tensor: WireTensor = { name: '', datatype: '', shape: [], contents: [] };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.text1) tensor.name = reader.text();
    else if (tag === TAGS.text2) tensor.datatype = reader.text();
    else if (tag === TAGS.text3) {
      const packedEnd = reader.lengthEnd();
      const sizes = new WireReader(reader.bytes, reader.at, packedEnd);
      while (sizes.at < packedEnd) pushSize(tensor, sizes.varint());
      reader.at = packedEnd;
    } else if (tag === TAGS.number3) pushSize(tensor, reader.varint());
    else if (tag === TAGS.parameters4) refuseExtension(readKey(reader), tensor.name);
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
  if (tensor.shape.length >= MAX_RANK) {
    throw invalid(`The shape of '${tensor.name}' has more than ${MAX_RANK} dimensions`, { field: tensor.name });
  }
  tensor.shape.push(Number.isSafeInteger(size) ? size : -1);
}

function readOutput(outer: WireReader): string {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  let name = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.text1) name = reader.text();
    else if (tag === TAGS.text2) refuseExtension(readKey(reader), name);
    else reader.skip(tag);
  }
  outer.at = end;
  return name;
}

/** The name of a parameter: an entry of a map is a message with key and value. */
function readKey(outer: WireReader): string {
  const end = outer.lengthEnd();
  const reader = new WireReader(outer.bytes, outer.at, end);
  let key = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === TAGS.text1) key = reader.text();
    else reader.skip(tag);
  }
  outer.at = end;
  return key;
}

const REFUSED = new Set(['shared_memory_region', 'classification']);

function refuseExtension(parameter: string, name: string): void {
  if (!REFUSED.has(parameter)) return;
  throw invalid(`'${name}' asks for ${parameter}, which this server does not offer`, {
    field: name,
    hint: 'Leave it out.',
  });
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
  const { name, datatype, shape, contents } = tensor;
  if (name === '') throw invalid(`${at}.name is missing`, { field: `${at}.name` });
  if (!isTensorDatatype(datatype)) {
    throw invalid(`The datatype of '${name}' is '${datatype}', which is not taken`, {
      field: `${at}.datatype`,
      hint: 'BOOL, INT8 to INT64, UINT8 to UINT64, FP16, FP32, FP64 and BYTES are.',
    });
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 || shape.includes(-1) || !Number.isSafeInteger(count)) {
    throw invalid(`The shape of '${name}' is [${shape.join(', ')}]; sizes of 0 or more are needed`, {
      field: `${at}.shape`,
    });
  }
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
