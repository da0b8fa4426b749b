import type { ServedDeployment, ServingRoute } from '@capstan/api';
import { expect, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import { decodeSegment, exampleOf, type LoggedRequest } from '#ports/prediction-log';
import type { ScoringAnswer } from '#ports/model-runtime';
import { nothingBatched } from './batching/batch-counts.ts';
import { score, type ScoreAnswer } from './score.ts';
import type { ServedState } from './served-state.ts';
import { createShadowQueue } from './shadow-queue.ts';
import { createServingStatistics } from './statistics.ts';
import { inMemory } from './shelf/testing.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;

function modelThat(answers: () => ScoringAnswer) {
  return {
    digest,
    flavor: 'python_function' as const,
    inputs: [],
    outputs: [],
    predict: () => Promise.reject(new Error('not by tensors')),
    score: async () => answers(),
    admit: () => {},
    counts: nothingBatched,
    waitingRows: () => 0,
    ...inMemory,
  };
}

const said = (text: string, status = 200): ScoringAnswer => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(text),
  rows: 2,
  inputs: [{ name: 'x', width: 1, data: [1, 2] }],
  outputs: [{ name: 'predictions', width: 1, data: ['a', null] }],
});

/** A champion, and a canary that gets every request. */
function stateOf(champion: () => ScoringAnswer, canary?: () => ScoringAnswer): ServedState {
  const route = (revision: number, role: 'champion' | 'canary', share: number): ServingRoute => ({
    revision,
    role,
    share,
    model: 'm',
    modelVersion: revision,
    digest,
    flavor: 'python_function',
    package: digest,
    threshold: 0.5,
    inputAdapters: {},
    shift: 0,
  });
  const routes = [route(1, 'champion', canary ? 0 : 1), ...(canary ? [route(2, 'canary', 1)] : [])];
  const deployment: ServedDeployment = {
    name: 'texts',
    project: '',
    context: { id: null, eventTime: null },
    rollout: null,
    salt: 'texts',
    routes,
    warm: [],
    redact: [],
    sample: 1,
    breaker: { state: 'closed', mode: 'fallback', fallbackProbability: null, lastKnownGood: null, reason: null },
  };
  const models = [champion, ...(canary ? [canary] : [])].map(modelThat);
  const revisions = new Map(
    models.flatMap((model, index) => {
      const own = routes[index];
      return own
        ? [[index + 1, { route: own, model, place: null, signature: null, isOneRow: false, warmUp: null }] as const]
        : [];
    }),
  );
  return { deployment, revisions, failures: [], loading: [], warm: [], isIncomplete: false };
}

async function ask(state: ServedState) {
  const lines: LoggedRequest[] = [];
  const log = {
    append: async (record: Uint8Array) => void lines.push(...decodeSegment(Buffer.from(record))),
  };
  const deps = {
    log: log as never,
    statistics: createServingStatistics(),
    shadows: createShadowQueue(1),
    now: () => 1,
    stateOf: () => state,
  };
  const request = { contentType: 'application/json', body: Buffer.from('{}') };
  const answer = await score(deps, state, request).catch((error: unknown) => error);
  return { answer, lines };
}

test('each row of an answer is logged with an id that the caller gets, inputs and outputs by columns', async () => {
  const { answer, lines } = await ask(stateOf(() => said('{"predictions": ["a", null]}')));
  expect(answer).toMatchObject({ status: 200, rows: 2, part: { role: 'champion', revision: 1 } });
  expect(lines).toHaveLength(1);
  const [line] = lines;
  expect((answer as ScoreAnswer).predictionIds.all()).toEqual([0, 1].map((row) => line && exampleOf(line, row)));
  expect(line?.inputs).toEqual([{ name: 'x', width: 1, datatype: 'FP64', data: [1, 2] }]);
  expect(line?.parts[0]?.outputs).toEqual([{ name: 'predictions', width: 1, datatype: 'BYTES', data: ['a', null] }]);
});

test('what the model refuses is told as it says and is no prediction', async () => {
  const { answer, lines } = await ask(stateOf(() => said('{"error_code": "BAD_REQUEST"}', 400)));
  expect(answer).toMatchObject({ status: 400, predictionIds: { rows: 0 }, part: null });
  expect(lines).toEqual([]);
});

test('the champion stands in for a canary that fails, and both are logged', async () => {
  const broken = (): never => {
    throw new DomainError('UNAVAILABLE', 'its worker has ended');
  };
  const { answer, lines } = await ask(stateOf(() => said('{}'), broken));
  expect(answer).toMatchObject({ part: { role: 'fallback', revision: 1 } });
  expect(lines[0]?.parts.map(({ role, error }) => [role, error])).toEqual([
    ['canary', 'its worker has ended'],
    ['fallback', null],
  ]);
});

test('a failure without a stand-in is logged and thrown', async () => {
  const { answer, lines } = await ask(
    stateOf(() => {
      throw new Error('no luck');
    }),
  );
  expect(answer).toMatchObject({ code: 'INTERNAL', message: 'The model of texts failed: no luck' });
  expect(lines[0]?.parts[0]).toMatchObject({ role: 'champion', error: 'The model of texts failed: no luck' });
});

test('values of redacted columns are answered, and not logged', async () => {
  const state = stateOf(() => said('{"predictions": ["a", null]}'));
  const { answer, lines } = await ask({ ...state, deployment: { ...state.deployment, redact: ['x'] } });
  expect(answer).toMatchObject({ status: 200 });
  expect(lines[0]?.inputs).toMatchObject([{ name: 'x', data: null }]);
  expect(lines[0]?.parts[0]?.outputs).toMatchObject([{ name: 'predictions', data: ['a', null] }]);
});
