import type { CycleSummary, Deployment, PipelineRunSummary } from '@capstan/api';
import { describe, expect, test } from 'vitest';
import { needsOf, type Facts } from './model.ts';

const replica: Deployment['replicas'][number] = {
  replica: 'r1',
  url: 'http://127.0.0.1:1',
  reportedAt: 0,
  isCurrent: true,
  revisions: [1],
  failures: [],
  warnings: [],
  loading: [],
  differences: [],
  isWithheld: false,
};
const healthy: Deployment = {
  name: 'late',
  project: 'flights',
  model: 'late',
  champion: { number: 1 } as Deployment['champion'],
  breaker: { state: 'closed', mode: 'fallback' },
  replicas: [replica],
  createdAt: 0,
};
const cycle = {
  id: 'c1',
  isOpen: true,
  state: 'gates',
  number: 7,
  reason: 'approval by a maintainer',
  model: 'late',
  version: 8,
};
const failed = { id: 'p1', source: 'server', number: 4, status: 'failed', reason: 'train ended with 1' };
const canary = { kind: 'canary', share: 0.5 } as const;
const quiet: Facts = {
  deployments: [healthy],
  projects: [{ project: 'flights', pipelineRun: undefined, cycle: undefined }],
  quarantined: [],
  alerts: [],
};
const kinds = (facts: Partial<Facts>): string[] => needsOf({ ...quiet, ...facts }).map(({ kind }) => kind);
const withReplicas = (...replicas: Partial<typeof replica>[]): Partial<Facts> => ({
  deployments: [
    { ...healthy, replicas: replicas.map((each, index) => ({ ...replica, replica: `r${index}`, ...each })) },
  ],
});

describe('what a person should see to', () => {
  test('nothing where all is well, nor of what never served', () => {
    expect(needsOf(quiet)).toEqual([]);
    expect(kinds({ deployments: [{ ...healthy, champion: undefined, replicas: [] }] })).toEqual([]);
  });

  test('replicas that differ, once for a deployment, however many they are', () => {
    const [need, ...others] = needsOf({
      ...quiet,
      ...withReplicas({}, { differences: ['other files'], isWithheld: true }, { differences: ['an old state'] }),
    });
    expect(others).toEqual([]);
    expect(need).toEqual({
      kind: 'replica-differs',
      gravity: 'danger',
      project: 'flights',
      text: 'late: 2 replicas differ and get no requests where another answers, other files',
      subjects: ['replica:r1', 'replica:r2'],
      page: '/deployments/late',
    });
    expect(needsOf({ ...quiet, ...withReplicas({ differences: ['other files'], isWithheld: true }) })).toMatchObject([
      { text: 'late: a replica differs and gets no requests, other files' },
    ]);
  });

  test('what replicas said before they fell silent is not told; that all of them are silent is', () => {
    const failures = [{ revision: 2, reason: 'no such file' }];
    const differences = ['other files'];
    expect(kinds(withReplicas({}, { isCurrent: false, failures, differences }))).toEqual([]);
    expect(kinds(withReplicas({ isCurrent: false, failures, differences }))).toEqual(['no-replica']);
    expect(kinds(withReplicas({}, { failures }))).toEqual(['revision-fails']);
  });

  test('the gravest first, each with its page', () => {
    const rollout = {
      id: 'ro1',
      state: 'held',
      guards: true,
      plan: [canary],
      stage: 0,
      reason: 'a person',
    } as Deployment['rollout'];
    const needs = needsOf({
      deployments: [
        { ...healthy, name: 'a/b', rollout },
        { ...healthy, project: null, breaker: { state: 'open', mode: 'fallback', reason: 'the budget is spent' } },
      ],
      projects: [
        { project: 'flights', pipelineRun: failed as PipelineRunSummary, cycle: cycle as CycleSummary },
        { project: 'other', pipelineRun: undefined, cycle: { ...cycle, isOpen: false } as CycleSummary },
      ],
      quarantined: [{ id: 'd1', project: 'flights', dataset: 'rows', number: 3 }],
      alerts: [{ project: 'flights', monitor: 'features 1d', reason: 'wind moved' }],
    });
    expect(needs.map(({ kind, project, text, page }) => [kind, project, text, page])).toEqual([
      ['breaker-open', null, 'late: breaker open, the budget is spent', '/deployments/late'],
      ['rollout-held', 'flights', 'a/b: rollout held, a person', '/deployments/a%2Fb'],
      ['data-quarantined', 'flights', 'rows version 3 is in quarantine', '/dataset-versions/d1'],
      ['pipeline-failed', 'flights', 'Pipeline run 4 failed: train ended with 1', '/pipeline-runs/p1'],
      ['approval', 'flights', 'Cycle 7: approval by a maintainer', '/models/late/versions/8'],
      ['alert', 'flights', 'features 1d: wind moved', '/projects/flights/monitors/features%201d'],
    ]);
  });

  test('a run that failed in a checkout is nobody else’s', () => {
    const run = { ...failed, source: 'checkout' } as PipelineRunSummary;
    expect(kinds({ projects: [{ project: 'flights', pipelineRun: run, cycle: undefined }] })).toEqual([]);
  });

  test('a split by hand is as somebody wants it', () => {
    const held = { id: 'ro1', state: 'held', guards: false, plan: [canary, { kind: 'full' }] };
    const at = (stage: number) => ({ ...healthy, rollout: { ...held, stage } as Deployment['rollout'] });
    expect(kinds({ deployments: [at(0)] })).toEqual([]);
    expect(kinds({ deployments: [at(1)] })).toEqual(['rollout-held']);
  });

  test('a turn that computes at its gates waits for nobody', () => {
    const at = (reason: string | null) => [
      { project: 'flights', pipelineRun: undefined, cycle: { ...cycle, reason } as CycleSummary },
    ];
    expect(kinds({ projects: at(null) })).toEqual([]);
    expect(kinds({ projects: at('approval by a maintainer') })).toEqual(['approval']);
  });
});
