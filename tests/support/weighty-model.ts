// An ONNX model of any size, for tests of memory: it answers a row of its weights, which names the model and the row.
import { message } from '../../packages/capstan/src/adapters/runtime-onnx/protobuf-testing.ts';

const FLOAT = 1;
const INT64 = 7;

function value(name: string, type: number, dims: readonly (number | string)[]): Uint8Array {
  const shape = message(dims.map((size) => [1, message([[typeof size === 'number' ? 1 : 2, size]])] as const));
  const tensor = message([
    [1, type],
    [2, shape],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ]);
}

/** `y = W[x]`: for `x` INT64 [-1] the answer is FP32 [-1, 2], `seed` and the row itself. `rows` of 8 bytes each. */
export function weightyModel(seed: number, rows: number): Uint8Array<ArrayBuffer> {
  const weights = new Float32Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    weights[row * 2] = seed;
    weights[row * 2 + 1] = row;
  }
  const initializer = message([
    [1, rows],
    [1, 2],
    [2, FLOAT],
    [8, 'W'],
    [9, new Uint8Array(weights.buffer)],
  ]);
  const node = message([
    [1, 'W'],
    [1, 'x'],
    [2, 'y'],
    [4, 'Gather'],
  ]);
  const graph = message([
    [1, node],
    [2, 'graph'],
    [5, initializer],
    [11, value('x', INT64, ['n'])],
    [12, value('y', FLOAT, ['n', 2])],
  ]);
  return Uint8Array.from(
    message([
      [1, 9],
      [7, graph],
      [8, message([[2, 18]])],
    ]),
  );
}
