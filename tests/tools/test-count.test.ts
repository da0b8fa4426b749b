import { expect, test } from 'vitest';
import { countTests } from '../../tools/tasks/test-count.ts';

const file = (status: string, ...statuses: string[]) => ({
  status,
  assertionResults: statuses.map((each) => ({ status: each })),
});

test.each([
  [
    'passes and failures',
    { testResults: [file('failed', 'passed', 'failed', 'skipped'), file('passed', 'passed')] },
    1,
    2,
    1,
  ],
  ['a file that does not load', { testResults: [file('failed'), file('passed', 'passed')] }, 1, 1, 1],
  ['a file whose hook fails after its tests passed', { testResults: [file('failed', 'passed')] }, 1, 1, 1],
  ['an error outside of any test', { testResults: [file('passed', 'passed')] }, 1, 1, 1],
  ['no report at all', null, 134, 0, 1],
  ['nothing wrong', { testResults: [file('passed', 'passed', 'passed')] }, 0, 2, 0],
])('%s', (_, report, exitCode, passed, failed) => {
  expect(countTests(report, exitCode)).toEqual({ passed, failed });
});
