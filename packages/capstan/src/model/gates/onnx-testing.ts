// For tests only: logistic regressions of one input as ONNX files, written field by field.
type Fields = readonly (readonly [number, number | string | Uint8Array])[];

const FLOAT = 1;

function message(fields: Fields): Uint8Array {
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

function constant(name: string, value: number): Uint8Array {
  return message([
    [1, 1],
    [2, FLOAT],
    [8, name],
    [9, new Uint8Array(Float32Array.of(value).buffer)],
  ]);
}

function batchOfOne(name: string): Uint8Array {
  const shape = message([
    [1, message([[2, 'N']])],
    [1, message([[1, 1]])],
  ]);
  return message([
    [1, name],
    [
      2,
      message([
        [
          1,
          message([
            [1, FLOAT],
            [2, shape],
          ]),
        ],
      ]),
    ],
  ]);
}

function node(type: string, inputs: readonly string[], output: string): Uint8Array {
  return message([...inputs.map((input) => [1, input] as const), [2, output], [4, type]]);
}

/** `probabilities` = sigmoid(weight × input + bias), both of shape [N, 1]. */
export function logisticModel(weight: number, bias: number, input = 'x'): Uint8Array {
  const graph = message([
    [1, node('Mul', [input, 'weight'], 'weighted')],
    [1, node('Add', ['weighted', 'bias'], 'score')],
    [1, node('Sigmoid', ['score'], 'probabilities')],
    [2, 'logistic'],
    [5, constant('weight', weight)],
    [5, constant('bias', bias)],
    [11, batchOfOne(input)],
    [12, batchOfOne('probabilities')],
  ]);
  return message([
    [1, 8],
    [7, graph],
    [8, message([[2, 15]])],
  ]);
}
