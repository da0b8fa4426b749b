import { invalid } from '#kernel/errors';

/** The messages of onnx.proto that can hold a tensor, and in which fields they hold each other. */
export const MESSAGES = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparseTensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparseTensor', 23: 'sparseTensor' },
  sparseTensor: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
} as const satisfies Record<string, Record<number, string>>;
export type Message = keyof typeof MESSAGES;

const GRAPH_OF_MODEL = 7;
const OPERATOR_OF_NODE = 4;
const EXTERNAL_DATA_OF_TENSOR = 13;
const DATA_LOCATION_OF_TENSOR = 14;
const EXTERNAL = 1;
/** As the protobuf library's own limit. */
export const MAX_DEPTH = 100;

/** What was seen on the way through a model. */
export interface ModelContent {
  /** Names of all operators, those of subgraphs and functions among them. */
  readonly operators: ReadonlySet<string>;
}

/**
 * Refuses bytes that are no ONNX model or whose weights lie in other files: such a file names paths that the library
 * would open (those of a package have been put in by then: `inlineWeights`), so the whole of it is walked, constants, subgraphs, functions and sparse tensors included. Follows the
 * protobuf wire format and onnx.proto3 (field numbers above).
 * @throws DomainError INVALID_ARGUMENT
 */
export function assertSelfContained(bytes: Uint8Array): ModelContent {
  const operators = new Set<string>();
  let hasGraph = false;

  function walk(message: Message, start: number, end: number, depth: number): void {
    if (depth > MAX_DEPTH) throw noModel('its parts are nested too deeply');
    const holds: Readonly<Record<number, Message>> = MESSAGES[message];
    for (let at = start; at < end;) {
      const tag = varintAt(bytes, at, end);
      const number = Math.floor(tag.value / 8);
      const wire = tag.value % 8;
      at = tag.next;
      if (wire === 0) {
        const varint = varintAt(bytes, at, end);
        at = varint.next;
        const isLocation = message === 'tensor' && number === DATA_LOCATION_OF_TENSOR;
        if (isLocation && varint.value === EXTERNAL) throw external();
      } else if (wire === 2) {
        const length = varintAt(bytes, at, end);
        const bodyEnd = length.next + length.value;
        if (bodyEnd > end) throw noModel('it is cut off');
        if (message === 'tensor' && number === EXTERNAL_DATA_OF_TENSOR) throw external();
        if (message === 'model' && number === GRAPH_OF_MODEL) hasGraph = true;
        if (message === 'node' && number === OPERATOR_OF_NODE) {
          operators.add(Buffer.from(bytes.subarray(length.next, bodyEnd)).toString('utf8'));
        }
        const part = holds[number];
        if (part) walk(part, length.next, bodyEnd, depth + 1);
        at = bodyEnd;
      } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
      else throw noModel('it is not in the protobuf format');
      if (at > end) throw noModel('it is cut off');
    }
  }

  walk('model', 0, bytes.length, 0);
  if (!hasGraph) throw noModel('it has no graph');
  return { operators };
}

/** A protobuf number of up to ten bytes; past 2^53 only roughly, which no length of a file reaches. */
export function varintAt(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index];
    if (byte === undefined || start + index >= end) throw noModel('it is cut off');
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  throw noModel('it is not in the protobuf format');
}

export function noModel(reason: string): Error {
  return invalid(`The file is no ONNX model: ${reason}`, {
    field: 'modelFile',
    hint: 'Upload the file again as it was exported.',
  });
}

function external(): Error {
  return invalid('The model keeps weights in other files, which are not known here', {
    field: 'modelFile',
    hint: 'Log it with mlflow.onnx.log_model, which keeps them with it, or save it as one file: onnx.save(model, path, save_as_external_data=False).',
  });
}
