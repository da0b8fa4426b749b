/** Protobuf fields by number: a number is written as a varint, text and bytes with their length. */
export type Fields = readonly (readonly [number, number | string | Uint8Array])[];

/** The bytes of a protobuf message, for models that no exporter would make. */
export function message(fields: Fields): Uint8Array {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number * 8), varint(value)];
      const body = typeof value === 'string' ? Buffer.from(value) : value;
      return [varint(number * 8 + 2), varint(body.length), body];
    }),
  );
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const FLOAT = 1;

/** A float tensor of onnx.proto with that many values declared and no other data than `extra`. */
export function tensorOf(name: string, dims: readonly number[], extra: Fields): Uint8Array {
  return message([...dims.map((size) => [1, size] as const), [2, FLOAT], [8, name], ...extra]);
}

function valueInfo(name: string, dims: readonly number[]): Uint8Array {
  const shape = message(dims.map((size) => [1, message([[1, size]])] as const));
  const tensorType = message([
    [1, FLOAT],
    [2, shape],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensorType]])],
  ]);
}

/** A model `y = Identity(from)` with an input `x` of that shape, and with further fields in its graph and in itself. */
export function modelOf(dims: readonly number[], inGraph: Fields = [], inModel: Fields = [], from = 'x'): Uint8Array {
  const node = message([
    [1, from],
    [2, 'y'],
    [4, 'Identity'],
  ]);
  const graph: Fields = [[1, node], [2, 'graph'], [11, valueInfo('x', dims)], [12, valueInfo('y', dims)], ...inGraph];
  return message([[1, 9], [7, message(graph)], [8, message([[2, 18]])], ...inModel]);
}
