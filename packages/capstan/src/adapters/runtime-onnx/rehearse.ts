import type { Tensor, TensorDatatype, TensorSpec } from '#ports/model-runtime';
import type { Rehearsal } from './host-messages.ts';
import type { Session } from './session.ts';

/** Zeros of more values than this are not worth their memory. */
const MAX_VALUES = 1 << 22;
/** The first executions make room for what they need; the fastest tells what the model takes, not what else ran. */
const TIMES = 4;
/** A model that takes longer is not quick, whatever it takes with many rows. */
const SLOW_MS = 20;

/**
 * Runs a model with rows of zeros, one and many, as often as it takes to warm up. Failures are none here: zeros may be
 * no sense for it, an index out of its range for instance.
 */
export async function rehearse(session: Session, manyRows: number): Promise<Omit<Rehearsal, 'openMs' | 'memoryBytes'>> {
  const oneRowMs = await fastestMs(session, 1);
  const hasRows = session.inputs.every(({ shape }) => shape[0] === -1);
  const manyRowsMs = hasRows && oneRowMs < SLOW_MS ? await fastestMs(session, manyRows) : Number.POSITIVE_INFINITY;
  return { oneRowMs, manyRowsMs, manyRows };
}

async function fastestMs(session: Session, rows: number): Promise<number> {
  const shapes = session.inputs.map(({ shape }) =>
    shape.map((size, axis) => (size >= 0 ? size : axis === 0 ? rows : 1)),
  );
  const values = shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  if (values > MAX_VALUES) return Number.POSITIVE_INFINITY;
  let fastest = Number.POSITIVE_INFINITY;
  try {
    const inputs = session.inputs.map((spec, index) => zeros(spec, shapes[index] ?? []));
    for (let time = 0; time < TIMES; time++) {
      const started = performance.now();
      await session.run(inputs);
      fastest = Math.min(fastest, performance.now() - started);
      if (fastest > SLOW_MS) break;
    }
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  return fastest;
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

function zeros({ name, datatype }: TensorSpec, shape: readonly number[]): Tensor {
  return { name, datatype, shape, data: ZEROS[datatype](shape.reduce((product, size) => product * size, 1)) };
}
