import { expect, test } from 'vitest';
import { seededRandom } from '#kernel/statistics/testing/seeded-random';
import { judgePaths, type VersionFacts } from './idle-versions.ts';
import { judgeLimit } from './missing-limit.ts';
import { judgeThreshold } from './threshold-regret.ts';
import { judgeConsumers } from './undeclared-consumers.ts';
import { judgeInputs, unpinnedIn } from './unpinned-inputs.ts';
import { judgeFeatures } from './useless-features.ts';

const prices = { truePositive: 12, falsePositive: -4, falseNegative: -6, trueNegative: 0 };

test('what is not pinned in requirements is named, whatever it looks like', () => {
  const text = `# pinned
numpy==2.3.1
uvicorn[standard]==0.40.0 ; python_version > "3.8"
requests>=2   # any
pandas
scipy==1.*
-r more.txt
click==8.1.0 \\
  --hash=sha256:abc
wheel @ https://example.org/w.whl#sha256=0123
`;
  expect(unpinnedIn(text)).toEqual(['requests', 'pandas', 'scipy']);
});

const newest = { id: 'pr_1', gitCommit: 'c0ffee', loose: [] };

test('a training whose data, code and packages are pinned owes nothing', () => {
  expect(judgeInputs({ requirements: 'numpy==1.0', newest, undeclared: [], trainingsInPeriod: 3 })).toMatchObject({
    state: 'clear',
  });
});

test('each loose input counts, and every training on them is interest', () => {
  const found = judgeInputs({
    requirements: null,
    newest: { ...newest, gitCommit: null, loose: ['weather'] },
    undeclared: [],
    trainingsInPeriod: 3,
  });
  expect(found).toMatchObject({
    state: 'owed',
    reason: 'dataset weather, code in no commit, Python packages (no requirements.txt)',
    principal: { value: 3, unit: 'inputs' },
    interest: { value: 3 },
    evidence: [{ kind: 'pipeline-run', id: 'pr_1' }],
  });
});

test('a file that a stage reads and does not declare is an input that nothing pins', () => {
  const undeclared = [{ stage: 'train', path: 'data/hidden.csv' }];
  expect(judgeInputs({ requirements: '', newest, undeclared, trainingsInPeriod: 1 })).toMatchObject({
    state: 'owed',
    reason: 'data/hidden.csv, which train reads and does not declare',
    principal: { value: 1, unit: 'input' },
    repay: 'name what stages read under deps in dvc.yaml.',
  });
});

test('without any training nothing is known, which is not nothing', () => {
  expect(judgeInputs({ requirements: '', newest: null, undeclared: [], trainingsInPeriod: 0 })).toMatchObject({
    state: 'unmeasured',
    principal: null,
    interest: null,
  });
});

const version = (number: number, more: Partial<VersionFacts> = {}): VersionFacts => {
  return { model: 'm', version: number, sizeBytes: 2e6, isWanted: false, answers: 0, ...more };
};

test('versions without traffic are owed by what they keep; those wanted or asked are not', () => {
  const [found] = judgePaths([version(1), version(2, { isWanted: true }), version(3, { answers: 5 }), version(4)], []);
  expect(found).toMatchObject({
    state: 'owed',
    principal: { value: 2 },
    interest: { value: 120, unit: 'MB·days in 30 d' },
  });
  expect(found?.evidence.map(({ id }) => id)).toEqual(['m/1', 'm/4']);
  expect(judgePaths([version(2, { isWanted: true })], [])[0]?.state).toBe('clear');
  expect(judgePaths([], [])[0]?.state).toBe('unmeasured');
  expect(judgePaths([version(1, { sizeBytes: null })], [])[0]).toMatchObject({ state: 'owed', interest: null });
});

test('a route with a share that nothing takes is owed, unless nobody asks at all', () => {
  const route = { deployment: 'd', revision: 2, share: 0.05, answers: 0, deploymentAnswers: 100 };
  expect(judgePaths([version(1, { isWanted: true })], [route])[1]).toMatchObject({ key: 'idle-versions:route:d/2' });
  expect(judgePaths([version(1, { isWanted: true })], [{ ...route, deploymentAnswers: 0 }])).toHaveLength(1);
  expect(judgePaths([version(1, { isWanted: true })], [{ ...route, answers: 1 }])).toHaveLength(1);
});

test('a feature is without benefit when its whole interval is below what counts', () => {
  const benefit = (feature: string, lower: number, upper: number) => {
    return { feature, n: 5_000, mean: (lower + upper) / 2, lower, upper };
  };
  const measured = {
    verdict: 'vd_1',
    model: 'm',
    version: 7,
    benefits: [benefit('wind', -0.001, 0.0002), benefit('hour', 0.01, 0.02), benefit('age', -0.002, 0.002)],
  };
  const found = judgeFeatures({ measured, alarms: new Map([['wind', 3]]) });
  expect(found).toMatchObject([{ key: 'useless-features:wind', interest: { value: 3 } }]);
  expect(judgeFeatures({ measured, alarms: null })[0]).toMatchObject({ interest: null });
  expect(
    judgeFeatures({ measured: { ...measured, benefits: [benefit('hour', 0.01, 0.02)] }, alarms: null }),
  ).toMatchObject([{ state: 'clear' }]);
  expect(judgeFeatures({ measured: null, alarms: null })).toMatchObject([{ state: 'unmeasured' }]);
});

/** Calibrated answers: the best threshold of these prices is 4 / 22. */
function examples(count: number, seed: number) {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const probability = random.uniform();
    return { probability, label: random.chance(probability) ? (1 as const) : (0 as const) };
  });
}

test('a threshold far from the best one is owed what it loses, measured where it was not chosen', () => {
  const facts = { deployment: 'd', examples: examples(4_000, 5), answersInPeriod: 10_000, prices, currency: 'USD' };
  const found = judgeThreshold({ ...facts, threshold: 0.9 });
  expect(found).toMatchObject({ state: 'owed', interest: { unit: 'USD in 30 d' } });
  expect(found.interest?.value).toBeGreaterThan(10_000);
  expect(judgeThreshold({ ...facts, threshold: 4 / 22 })).toMatchObject({ state: 'clear' });
  expect(judgeThreshold({ ...facts, examples: facts.examples.slice(0, 999), threshold: 0.9 })).toMatchObject({
    state: 'unmeasured',
  });
});

test('without a loss budget, what a day may lose at worst is owed', () => {
  const facts = { deployment: 'd', currentReplicas: 1, answersInPeriod: 3_000, prices, currency: 'USD', budget: null };
  expect(judgeLimit(facts)).toMatchObject({ state: 'owed', principal: { value: 1_800, unit: 'USD a day at worst' } });
  const budget = { amount: 100, windowMs: 86_400_000 };
  expect(judgeLimit({ ...facts, budget })).toMatchObject({ state: 'clear' });
  expect(judgeLimit({ ...facts, budget, currentReplicas: 0 })).toMatchObject({ state: 'unmeasured' });
});

const NOW = 100 * 86_400_000;
const caller = {
  deployment: 'late-arrival',
  agent: 'curl',
  address: '10.0.0.1',
  requests: 10,
  rows: 10,
  errors: 0,
  refused: 0,
  firstSeenAt: NOW - 1_000,
  lastSeenAt: NOW - 1_000,
};
const calls = {
  deployment: 'late-arrival',
  callers: 'open',
  undeclared: [caller],
  declaredRequests: 5,
  now: NOW,
} as const;

test('each caller without a token is owed for, and its answers are the interest', () => {
  const others = { ...caller, agent: null, address: null, requests: 3, refused: 1 };
  const found = judgeConsumers({ ...calls, undeclared: [caller, others, { ...caller, agent: 'x', refused: 10 }] });
  expect(found).toMatchObject({
    state: 'owed',
    reason: 'called without a token: curl at 10.0.0.1, others',
    principal: { value: 2, unit: 'callers' },
    interest: { value: 12 },
  });
});

test('a deployment that asks for tokens, or is called with them only, owes nothing for its callers', () => {
  expect(judgeConsumers({ ...calls, callers: 'declared' })).toMatchObject({ state: 'clear' });
  expect(judgeConsumers({ ...calls, undeclared: [] })).toMatchObject({ state: 'clear' });
  const stopped = { ...caller, lastSeenAt: NOW - 8 * 86_400_000 };
  expect(judgeConsumers({ ...calls, undeclared: [stopped] })).toMatchObject({ state: 'clear' });
  expect(judgeConsumers({ ...calls, undeclared: [], declaredRequests: 0 })).toMatchObject({ state: 'unmeasured' });
});
