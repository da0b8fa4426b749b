import type { PipelineRun, ReportedPlace } from '@capstan/api';
import { expect, test } from 'vitest';
import { codeLink, environmentLink } from './training-links.ts';

const commit = 'c0ffee'.padEnd(40, '0');
const kept = 'abc'.padEnd(40, '0');
const place: ReportedPlace = {
  by: 'Ada',
  host: 'laptop',
  commandText: 'capstan repro',
  repository: { name: 'shop', remote: 'https://example.org/shop.git' },
  commit,
  branch: 'main',
  isDirty: true,
};

const ofCheckout = (change: Partial<ReportedPlace>): PipelineRun =>
  ({ id: 'pr_1', codeDigest: null, environmentKey: null, place: { ...place, ...change } }) as PipelineRun;

test.each([
  ['its commit, and that there were changes', {}, { gitCommit: commit, isDirty: true, experiment: null }],
  [
    'its commit, where nobody told of changes',
    { isDirty: null },
    { gitCommit: commit, isDirty: null, experiment: null },
  ],
  [
    'the commit that keeps it whole',
    { experiment: { name: 'faster', commit: kept } },
    { gitCommit: kept, isDirty: false, experiment: 'faster' },
  ],
  [
    'its commit, where an experiment was not kept',
    { experiment: { name: 'faster', commit: null } },
    { gitCommit: commit, isDirty: true, experiment: null },
  ],
])('the code of a run of a checkout is %s', (_, change, { gitCommit, ...told }) => {
  expect(codeLink(ofCheckout(change))).toEqual({
    found: { digest: null, gitCommit, declaration: null, checkout: { repository: place.repository.remote, ...told } },
  });
});

test('what a checkout does not tell is said to be unknown', () => {
  const run = ofCheckout({ commit: null, isDirty: null });
  expect(codeLink(run)).toEqual({ missing: 'the checkout on laptop has no commit: what code ran is not known' });
  expect(environmentLink(run)).toEqual({
    missing: 'it ran in a checkout on laptop, which does not tell what was installed',
  });
});
