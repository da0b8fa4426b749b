// Real models of MLflow served by Python processes: the runtime's contract, and answers byte for byte those of the
// application that `mlflow models serve` runs (python_models.py asks it).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  describeModelRuntime,
  expectTensors,
  type GoldenModel,
} from '../../packages/capstan/src/ports/model-runtime.contract.ts';
import type {
  LoadedModel,
  ModelRuntime,
  ScoringAnswer,
  Tensor,
  TensorData,
  TensorDatatype,
} from '../../packages/capstan/src/ports/model-runtime.ts';
import { arrayOf } from '../../packages/capstan/src/ports/tensor-bytes.ts';
import { findClientPython, runPython } from '../support/python.ts';
import { clientRuntime, writeModel } from '../support/python-runtime.ts';
import { emptyFolder } from '../support/server.ts';

interface GoldenTensor {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface Golden {
  readonly tensors: Readonly<Record<string, Record<'inputs' | 'outputs', readonly GoldenTensor[]>>>;
  readonly scores: readonly {
    readonly model: string;
    readonly contentType: string;
    readonly body: string;
    readonly status: number;
    readonly answerType: string;
    readonly answer: string;
  }[];
}

/** MLflow's messages name sets, in the order of their hashes. */
const HASHES = { PYTHONHASHSEED: '0' };

const folder = emptyFolder();
const script = new URL('python_models.py', import.meta.url).pathname;
const made = await runPython(await findClientPython(), [script, folder], { folder, env: HASHES });
if (made.code !== 0) throw new Error(made.err);
const golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as Golden;
const runtime: ModelRuntime = await clientRuntime(join(folder, 'data'), { workerEnvironment: HASHES });

function tensorOf({ name, datatype, shape, data }: GoldenTensor): Tensor {
  if (datatype === 'BYTES') return { name, datatype, shape, data: data.map(String) };
  const values: TensorData = arrayOf(datatype, data.length);
  for (const [index, value] of data.entries()) {
    (values as unknown as (number | bigint)[])[index] = datatype === 'INT64' ? BigInt(value) : Number(value);
  }
  return { name, datatype, shape, data: values };
}

function goldenModel(name: string): GoldenModel {
  const entry = golden.tensors[name];
  if (!entry) throw new Error(`no golden tensors of ${name}`);
  const specsOf = (tensors: readonly GoldenTensor[]) =>
    tensors.map(({ name: tensor, datatype, shape }) => ({ name: tensor, datatype, shape: [-1, ...shape.slice(1)] }));
  return {
    file: join(folder, name),
    inputSpecs: specsOf(entry.inputs),
    outputSpecs: specsOf(entry.outputs),
    inputs: entry.inputs.map(tensorOf),
    outputs: entry.outputs.map(tensorOf),
  };
}

describeModelRuntime('python_function', async () => ({ runtime, models: [goldenModel('wine'), goldenModel('two')] }));

const MODELS = Object.keys(golden.tensors).concat('many', 'everything', 'centred', 'from_code');

/** JSON with numbers to seven digits. */
function near(text = 'null'): unknown {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(6) : value,
  );
}

describe.each(MODELS)('the model %s', (name) => {
  let model: LoadedModel;
  beforeAll(async () => {
    model = await runtime.load(join(folder, name));
  });
  afterAll(() => model.close());

  const scores = golden.scores.filter((score) => score.model === name);
  const ask = async (asked: typeof scores, isRecorded = false): Promise<readonly ScoringAnswer[]> =>
    (await model.score?.(
      asked.map(({ contentType, body }) => ({ contentType, body: Buffer.from(body, 'base64') })),
      { isRecorded },
    )) ?? [];
  const plainly = ({ status, contentType, body }: ScoringAnswer) => ({
    status,
    contentType,
    text: Buffer.from(body).toString('utf8'),
  });
  const expected = ({ status, answerType, answer }: (typeof scores)[number]) => ({
    status,
    contentType: answerType,
    text: Buffer.from(answer, 'base64').toString('utf8'),
  });

  test.runIf(name in golden.tensors)('answers tensors as it does in Python', async () => {
    const { inputs, outputs } = goldenModel(name);
    expectTensors(await model.predict(inputs), outputs);
    if (name !== 'unsigned') expect(model.inputs).toEqual(goldenModel(name).inputSpecs);
    expect(model.outputs).toEqual(goldenModel(name).outputSpecs);
  });

  test.runIf(scores.length > 0)('answers requests as MLflow’s own server does, each by itself', async () => {
    for (const score of scores) {
      const [answer] = await ask([score], true);
      if (!answer) throw new Error('no answer');
      expect(plainly(answer)).toEqual(expected(score));
    }
  });

  test.runIf(scores.length > 0)('and many at once, in any order, each its own', async () => {
    const good = scores.filter(({ status }) => status === 200);
    const many = [...scores, ...scores.toReversed(), ...good];
    // With those that fail all are asked alone in the end; without them they are not.
    const answered = [...(await ask(many.slice(0, -good.length), true)), ...(await ask(good, true))];
    const answers = answered.map(plainly);
    const alone = await Promise.all(scores.map(async (score) => (await ask([score], true))[0]));
    expect(answers).toHaveLength(many.length);
    for (const [index, score] of many.entries()) {
      const { text, ...rest } = expected(score);
      expect(answers[index]).toMatchObject(rest);
      const { rows, inputs, outputs } = alone[scores.indexOf(score)] ?? {};
      expect(near(JSON.stringify([answered[index]?.rows, answered[index]?.inputs, answered[index]?.outputs]))).toEqual(
        near(JSON.stringify([rows, inputs, outputs])),
      );
      // The last bits of a sum depend on how many rows are computed together.
      if (score.status === 200) expect(near(answers[index]?.text)).toEqual(near(text));
      else expect(answers[index]?.text).toBe(text);
    }
  });
});

test('requests that come together are one call, and one that cannot be answered fails alone', async () => {
  const calls: string[] = [];
  const code = `
class Model:
    def predict(self, data, params=None):
        print("called with", len(data), flush=True)
        if (data["x"] == 13).any():
            raise ValueError("13 is none of my numbers")
        return (data["x"] * 2).to_numpy()
`;
  const path = writeModel(join(folder, 'joining'), code, { x: 'double' });
  const model = await runtime.load(path, { onLog: (line) => void calls.push(line) });
  const bodies = (...values: number[]) =>
    values.map((x) => ({
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify({ dataframe_records: [{ x }] })),
    }));
  const score = async (requests: ReturnType<typeof bodies>) =>
    (await model.score?.(requests))?.map(({ status, body }) => [status, Buffer.from(body).toString()]);
  const answer = (value: string) => [200, `{"predictions": [${value}]}`];

  calls.length = 0;
  expect(await score(bodies(1, 2.5, 3))).toEqual([answer('2.0'), answer('5.0'), answer('6.0')]);
  // As CSV pandas reads each by itself; the data are joined after that.
  const csv = [4, 5].map((x) => ({ contentType: 'text/csv', body: Buffer.from(`x\n${x}\n`) }));
  expect(await score(csv)).toEqual([answer('8.0'), answer('10.0')]);
  const mixed = await score([...bodies(1, 13), { contentType: 'text/plain', body: Buffer.from('') }, ...bodies(3)]);
  expect(mixed?.map(([status]) => status)).toEqual([200, 400, 415, 200]);
  expect([mixed?.[0], mixed?.[3]]).toEqual([answer('2.0'), answer('6.0')]);
  await vi.waitUntil(() => calls.length >= 6);
  expect(calls).toEqual([3, 2, 3, 1, 1, 1].map((rows) => `called with ${rows}`));
  await model.close();
});

test('missing values in one answer do not change the types of another', async () => {
  const code = `
import pandas
class Model:
    def predict(self, data, params=None):
        return pandas.DataFrame({"y": [int(x) if x >= 0 else None for x in data["x"]]})
`;
  const model = await runtime.load(writeModel(join(folder, 'missing'), code, { x: 'double' }));
  const requests = [1, -1].map((x) => ({ contentType: 'text/csv', body: Buffer.from(`x\n${x}\n`) }));
  const answers = (await model.score?.(requests)) ?? [];
  expect(answers.map(({ body }) => Buffer.from(body).toString())).toEqual([
    '{"predictions": [{"y": 1}]}',
    '{"predictions": [{"y": null}]}',
  ]);
  await model.close();
});

test('a model whose rows depend on each other is found out', async () => {
  const found = await Promise.all(
    ['iris', 'centred'].map(async (name) => {
      const model = await runtime.load(join(folder, name));
      const { isBatchable } = model;
      await model.close();
      return isBatchable;
    }),
  );
  expect(found).toEqual([true, false]);
});
