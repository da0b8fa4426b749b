import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import type { Tensor, TensorData, TensorDatatype, TensorSpec } from '#ports/model-runtime';

const DATATYPES = {
  bool: 'BOOL',
  uint8: 'UINT8',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const satisfies Partial<Record<OnnxTensor.Type, TensorDatatype>>;
type ServedType = keyof typeof DATATYPES;

const SERVED_TYPES = new Map<string, TensorDatatype>(Object.entries(DATATYPES));
const ONNX_TYPES = Object.fromEntries(Object.entries(DATATYPES).map(([onnx, ours]) => [ours, onnx])) as Record<
  TensorDatatype,
  ServedType
>;

/**
 * One thread a session unless more are asked for: the host thread is one already, and pools that contend for few cores
 * cost more than they give.
 * Only the ONNX format: the library also knows one of its own, which is not checked for references to other files.
 * No log: whatever goes wrong in a run is thrown too, and whoever sends bad inputs shall not fill the server's stderr.
 */
const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
  extra: { session: { load_model_format: 'ONNX' } },
};

export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/**
 * Opens a model from its bytes.
 * @throws DomainError INVALID_ARGUMENT with the library's reason, or for inputs and outputs that cannot be served
 */
export async function openSession(bytes: Uint8Array, intraOpNumThreads: number): Promise<Session> {
  const session = await InferenceSession.create(bytes, { ...OPTIONS, intraOpNumThreads }).catch((cause: unknown) => {
    throw invalid(`The model cannot be loaded: ${messageOf(cause)}`, {
      field: 'modelFile',
      hint: 'See that it passes onnx.checker and uses an opset and operators that ONNX Runtime knows.',
      cause,
    });
  });
  const outputs = session.outputMetadata.map((facts) => specOf('output', facts));
  return {
    inputs: session.inputMetadata.map((facts) => specOf('input', facts)),
    outputs,
    run: (inputs) => run(session, outputs, inputs),
    release: () => session.release(),
  };
}

function specOf(side: 'input' | 'output', facts: InferenceSession.ValueMetadata): TensorSpec {
  if (!facts.isTensor) {
    throw invalid(`The ${side} '${facts.name}' is a sequence or a map, which is not served`, {
      field: 'modelFile',
      hint: 'Only tensors are, and the list of maps that a ZipMap right before an output makes. Export the model so that it ends with a tensor; for skl2onnx: to_onnx(model, X, options={"zipmap": False}).',
    });
  }
  const datatype = SERVED_TYPES.get(facts.type);
  if (datatype === undefined) {
    throw invalid(`The ${side} '${facts.name}' is of type ${facts.type}, which is not served`, {
      field: 'modelFile',
      hint: `Cast it in the model to one of: ${[...SERVED_TYPES.keys()].join(', ')}.`,
    });
  }
  // The library gives a dimension that is known only per request by its name, which may be empty.
  return { name: facts.name, datatype, shape: facts.shape.map((size) => (typeof size === 'number' ? size : -1)) };
}

async function run(
  session: InferenceSession,
  outputs: readonly TensorSpec[],
  inputs: readonly Tensor[],
): Promise<readonly Tensor[]> {
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, toOnnx(input)]));
  const results = await session.run(feeds).catch((cause: unknown) => {
    throw runFailure(cause);
  });
  return outputs.map(({ name }) => {
    const result = results[name];
    const datatype = result && SERVED_TYPES.get(result.type);
    if (!result || !datatype) throw runFailure(new Error(`it gave no '${name}' that can be told`));
    return { name, datatype, shape: [...result.dims], data: result.data as TensorData };
  });
}

function toOnnx({ name, datatype, shape, data }: Tensor): OnnxTensor {
  // The library cuts text at a NUL without a word.
  if (datatype === 'BYTES' && data.some((value: unknown) => typeof value === 'string' && value.includes('\0'))) {
    throw invalid(`The input '${name}' holds text with a NUL, which ONNX Runtime cannot take`, {
      field: 'inputs',
      hint: 'Remove the NUL characters.',
    });
  }
  const tensor = new OnnxTensor(ONNX_TYPES[datatype], data as OnnxTensor.DataType, shape);
  // The library's TypeScript side wants Float16Array, its native side the same bits as Uint16Array.
  if (data instanceof Float16Array) {
    Object.defineProperty(tensor, 'data', { value: new Uint16Array(data.buffer, data.byteOffset, data.length) });
  }
  return tensor;
}

function runFailure(cause: unknown): DomainError {
  const reason = messageOf(cause);
  if (/allocat|bad_alloc|out of memory/i.test(reason)) {
    return new DomainError('RESOURCE_EXHAUSTED', `The model ran out of memory on these inputs: ${reason}`, {
      hint: 'Send fewer rows at once.',
      cause,
    });
  }
  return invalid(`The model failed on these inputs: ${reason}`, {
    field: 'inputs',
    hint: 'See that all inputs have the same number of rows and hold values that the model was made for.',
    cause,
  });
}
