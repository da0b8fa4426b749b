import { open } from 'node:fs/promises';
import { sha256 } from '#kernel/digest';
import { conflict, DomainError, invalid, messageOf } from '#kernel/errors';
import type { Tensor, TensorDatatype, TensorSpec } from '#ports/model-runtime';
import type { HostCalls, HostReply, HostRequest } from './host-messages.ts';
import { toFailure } from './host-messages.ts';
import { assertSelfContained } from './self-contained.ts';
import { openSession, type Session } from './session.ts';

/** A row of zeros of more values than this is not worth its memory. */
const REHEARSAL_MAX_VALUES = 1 << 22;

/** Answers the requests of one host, one after the other; it is the inside of a thread. */
export function createHostedModel(): (request: HostRequest) => Promise<HostReply> {
  let session: Session | undefined;

  function opened(): Session {
    if (!session) throw new DomainError('UNAVAILABLE', 'The model is not open', { hint: 'Load it again.' });
    return session;
  }

  async function answer(request: HostRequest): Promise<HostCalls[keyof HostCalls]['reply']> {
    if (request.method === 'predict') return opened().run(request.inputs);
    if (request.method === 'open') {
      const bytes = await readModelFile(request.file, request.maxModelBytes);
      const digest = sha256(bytes);
      if (request.sha256 !== undefined && request.sha256 !== digest) {
        throw conflict('The model file changed while it was loaded', { field: 'modelFile', hint: 'Load it again.' });
      }
      assertSelfContained(bytes);
      session = await openSession(bytes);
      return { sha256: digest, inputs: session.inputs, outputs: session.outputs };
    }
    if (request.method === 'rehearse') {
      await rehearse(opened());
      return true;
    }
    await session?.release();
    session = undefined;
    return true;
  }

  return async (request) => {
    try {
      return { id: request.id, result: await answer(request) };
    } catch (error) {
      return { id: request.id, failure: toFailure(error) };
    }
  };
}

async function readModelFile(file: string, maxModelBytes: number): Promise<Uint8Array> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw invalid(`The model file cannot be read: ${messageOf(cause)}`, { field: 'modelFile', hint: 'Name a file.' });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw invalid(`${file} is no file`, { field: 'modelFile', hint: 'Name the .onnx file.' });
    if (facts.size > maxModelBytes) {
      throw invalid(`The model has ${facts.size} bytes, more than the ${maxModelBytes} that are allowed`, {
        field: 'modelFile',
        hint: 'Make it smaller (quantise, prune) or raise the limit.',
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function rehearse(session: Session): Promise<void> {
  const sizes = session.inputs.map((spec) => spec.shape.reduce((product, size) => product * Math.abs(size), 1));
  if (sizes.reduce((sum, size) => sum + size, 0) > REHEARSAL_MAX_VALUES) return;
  try {
    await session.run(session.inputs.map((spec) => zeros(spec)));
  } catch {
    // Zeros may be no sense for this model, an index out of its range for instance. It came back: that is all.
  }
}

const ZEROS: Record<TensorDatatype, (count: number) => Tensor['data']> = {
  BOOL: (count) => new Uint8Array(count),
  UINT8: (count) => new Uint8Array(count),
  INT8: (count) => new Int8Array(count),
  INT16: (count) => new Int16Array(count),
  INT32: (count) => new Int32Array(count),
  INT64: (count) => new BigInt64Array(count),
  UINT16: (count) => new Uint16Array(count),
  UINT32: (count) => new Uint32Array(count),
  UINT64: (count) => new BigUint64Array(count),
  FP16: (count) => new Float16Array(count),
  FP32: (count) => new Float32Array(count),
  FP64: (count) => new Float64Array(count),
  BYTES: (count) => Array.from({ length: count }, () => ''),
};

function zeros({ name, datatype, shape }: TensorSpec): Tensor {
  const row = shape.map((size) => Math.abs(size));
  return { name, datatype, shape: row, data: ZEROS[datatype](row.reduce((product, size) => product * size, 1)) };
}
