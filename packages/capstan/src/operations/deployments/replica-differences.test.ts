import type { ServedDeployment, ServingRoute } from '@capstan/api';
import { expect, test } from 'vitest';
import { replicaDifferences } from './replica-differences.ts';
import { championRoute } from './testing.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const other = `sha256:${'b'.repeat(64)}` as const;
const route: ServingRoute = { ...championRoute, serving: { maxBatchSize: 8 } };
const iris: ServedDeployment = {
  name: 'iris',
  project: '',
  context: { id: null, eventTime: null },
  redact: [],
  sample: 1,
  rollout: null,
  salt: 'iris',
  routes: [route],
  warm: [{ ...route, revision: 1, serving: undefined }],
  breaker: { state: 'closed', mode: 'fallback', fallbackProbability: null, lastKnownGood: null, reason: null },
};
const report = { serving: [], failures: [] };
const serves = (revision: number, has: `sha256:${string}`, settings?: ServingRoute['serving']) => ({
  ...report,
  serving: [{ deployment: 'iris', revision, digest: has, settings }],
});

test('a replica agrees where files and settings are those of the revisions, and while it is loading', () => {
  expect(replicaDifferences(serves(2, digest, { maxBatchSize: 8 }), [iris], 0)).toEqual([]);
  expect(replicaDifferences(serves(1, digest), [iris], 0)).toEqual([]);
  expect(replicaDifferences(report, [iris], 60_000)).toEqual([]);
  expect(replicaDifferences(serves(9, other), [iris], 0)).toEqual([]);
});

test.each([
  ['other files', serves(2, other, { maxBatchSize: 8 }), `its revision 2 is ${other}, not ${digest}`],
  ['other settings', serves(2, digest), 'its revision 2 runs with the settings {}, not {"maxBatchSize":8}'],
  ['a warm revision of other files', serves(1, other), `its revision 1 is ${other}`],
  [
    'a champion that fails',
    { ...report, failures: [{ deployment: 'iris', revision: 2, reason: 'no such package' }] },
    'it cannot serve revision 2, the champion: no such package',
  ],
])('%s is a difference', (_, told, reason) => {
  expect(replicaDifferences(told, [iris], 0)).toEqual([
    { deployment: 'iris', reason: expect.stringContaining(reason) },
  ]);
});

test('an old state is one of all deployments', () => {
  expect(replicaDifferences(report, [iris], 60_001)).toEqual([
    { deployment: null, reason: expect.stringContaining('an older state than the published one') },
  ]);
});

test('a candidate is for its rollout to judge', () => {
  const rolling = { ...iris, routes: [route, { ...route, revision: 3, role: 'canary' as const }] };
  const failing = { ...report, failures: [{ deployment: 'iris', revision: 3, reason: 'no such package' }] };
  expect(replicaDifferences(failing, [rolling], 0)).toEqual([]);
  expect(replicaDifferences(serves(3, other), [rolling], 0)).toEqual([]);
});
