import type { ServedDeployment, ServingRoute } from '@capstan/api';
import { expect, test } from 'vitest';
import { shiftedProbability } from '#kernel/statistics/recalibration';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import { decodeSegment, type LoggedRequest } from '#ports/prediction-log';
import { nothingBatched } from './batching/batch-counts.ts';
import { infer } from './infer.ts';
import type { ServedState } from './served-state.ts';
import { createShadowQueue } from './shadow-queue.ts';
import { createServingStatistics } from './statistics.ts';
import { inMemory } from './shelf/testing.ts';

const AT = Date.UTC(2013, 3, 1);
const outputs: TensorSpec[] = [
  { name: 'label', datatype: 'INT64', shape: [-1] },
  { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
];

/** Answers each row with what it was sent, as the probability. */
const echo = {
  digest: `sha256:${'0'.repeat(64)}`,
  inputs: [{ name: 'p', datatype: 'FP32' as const, shape: [-1, 1] }],
  outputs,
  flavor: 'onnx' as const,
  async predict([input]: readonly Tensor[]): Promise<Tensor[]> {
    const values = Array.from(input?.data as Float32Array);
    return [
      { name: 'label', datatype: 'INT64', shape: [values.length], data: new BigInt64Array(values.length) },
      {
        name: 'probabilities',
        datatype: 'FP32',
        shape: [values.length, 2],
        data: new Float32Array(values.flatMap((value) => [1 - value, value])),
      },
    ];
  },
  admit: () => undefined,
  counts: nothingBatched,
  waitingRows: () => 0,
  ...inMemory,
};

function stateOf(routes: readonly Partial<ServingRoute>[], breaker: Partial<ServedDeployment['breaker']> = {}) {
  const whole = routes.map((route): ServingRoute => ({
    revision: 1,
    role: 'champion',
    share: 1,
    model: 'm',
    modelVersion: 1,
    digest: `sha256:${'0'.repeat(64)}`,
    flavor: 'onnx',
    package: null,
    threshold: 0.5,
    inputAdapters: {},
    shift: 0,
    ...route,
  }));
  const deployment: ServedDeployment = {
    name: 'shop',
    project: 'shop',
    context: { id: null, eventTime: null },
    rollout: whole.some(({ role }) => role === 'shadow') ? { id: 'ro_1', stage: 0 } : null,
    salt: 'shop',
    routes: whole,
    warm: [],
    redact: [],
    sample: 1,
    breaker: {
      state: 'closed',
      mode: 'fallback',
      fallbackProbability: 0.3,
      lastKnownGood: null,
      reason: null,
      ...breaker,
    },
  };
  const revisions = new Map(
    whole.map((route) => [
      route.revision,
      {
        route,
        model: echo,
        place: { output: 'probabilities', width: 2, index: 1 },
        signature: null,
        isOneRow: false,
        warmUp: null,
      },
    ]),
  );
  return { deployment, revisions, failures: [], loading: [], warm: [], isIncomplete: false } satisfies ServedState;
}

async function ask(state: ServedState, probabilities: readonly number[]) {
  const lines: LoggedRequest[] = [];
  const shadows = createShadowQueue(100);
  const log = {
    append: async (record: Uint8Array) => void lines.push(...decodeSegment(Buffer.from(record))),
    seal: () => undefined,
    sealed: () => [],
    remove: () => undefined,
    reject: () => undefined,
    rejectedCount: () => 0,
    close: () => undefined,
  };
  const input = {
    name: 'p',
    datatype: 'FP32' as const,
    shape: [probabilities.length, 1],
    data: new Float32Array(probabilities),
  };
  const deps = { log, shadows, statistics: createServingStatistics(), now: () => AT, stateOf: () => state };
  const answer = await infer(deps, state, { inputs: [input] });
  await shadows.drained();
  const parts = lines.map(({ parts: [part] }) => ({
    ...part,
    probabilities: Array.from(part?.probabilities ?? []),
  }));
  return { answer, lines, parts };
}

const moved = (probability: number, shift: number) => Math.fround(shiftedProbability(Math.fround(probability), shift));

test('callers get the recalibrated probability, and the log says by how much it was moved', async () => {
  const { answer, parts } = await ask(stateOf([{ shift: 0.5 }]), [0.25, 0.5]);
  const expected = [moved(0.25, 0.5), moved(0.5, 0.5)];
  const given = answer.outputs.find(({ name }) => name === 'probabilities')?.data as Float32Array;
  expect([given[1], given[3]]).toEqual(expected);
  expect(given[0]).toBeCloseTo(1 - (given[1] ?? 0), 6);
  expect(parts).toEqual([expect.objectContaining({ role: 'champion', shift: 0.5, probabilities: expected })]);
});

test('each route has the shift of its own revision', async () => {
  const state = stateOf([{ shift: 0.5 }, { revision: 2, role: 'shadow', shift: -0.25 }]);
  const { parts } = await ask(state, [0.25]);
  expect(parts).toEqual([
    expect.objectContaining({ role: 'champion', probabilities: [moved(0.25, 0.5)] }),
    expect.objectContaining({ role: 'shadow', shift: -0.25, probabilities: [moved(0.25, -0.25)] }),
  ]);
});

test('the baseline’s constant is what it is', async () => {
  const { parts } = await ask(stateOf([{ shift: 0.5 }], { state: 'open' }), [0.25]);
  expect(parts).toEqual([expect.objectContaining({ role: 'fallback', revision: 0, shift: 0, probabilities: [0.3] })]);
});

test('values of redacted columns are answered, and not logged', async () => {
  const state = stateOf([{}]);
  const hidden = { ...state, deployment: { ...state.deployment, redact: ['p', 'label'] } };
  const { answer, lines } = await ask(hidden, [0.25, 0.5]);
  expect(answer.outputs.map(({ name }) => name)).toEqual(['label', 'probabilities']);
  expect(lines[0]?.inputs).toMatchObject([{ name: 'p', data: null }]);
  expect(lines[0]?.parts[0]?.outputs).toMatchObject([
    { name: 'label', data: null },
    { name: 'probabilities', data: Float32Array.of(0.75, 0.25, 0.5, 0.5) },
  ]);
});

test('of a sample the rest is logged as ever, and with which chance inputs and outputs are', async () => {
  const state = stateOf([{}, { revision: 2, role: 'shadow' }]);
  const sampled = { ...state, deployment: { ...state.deployment, sample: 0.5 } };
  const asked = await Promise.all(Array.from({ length: 40 }, () => ask(sampled, [0.25])));
  const kept = asked.filter(({ lines }) => lines[0]?.sampling?.isKept === true);
  expect(kept.length).toBeGreaterThan(5);
  expect(kept.length).toBeLessThan(35);
  for (const { lines } of asked) {
    const [answer, shadow] = lines;
    // Both lines of a request fare alike.
    expect(shadow?.sampling).toEqual(answer?.sampling);
    expect(answer?.sampling?.share).toBe(0.5);
    const isKept = answer?.sampling?.isKept === true;
    expect([answer?.inputs, answer?.parts[0]?.outputs, shadow?.parts[0]?.outputs].map((all) => all !== null)).toEqual([
      isKept,
      isKept,
      isKept,
    ]);
    expect(answer?.parts[0]).toMatchObject({ probabilities: Float64Array.of(0.25), revision: 1, error: null });
    expect(shadow?.parts[0]).toMatchObject({ role: 'shadow', probabilities: Float64Array.of(0.25) });
  }
});
