import { describe, expect, it } from 'vitest';
import type { LockEntry } from './pipeline-definition.ts';
import { decide, reasonText, type StageState, type StoredResult } from './stage-reasons.ts';

const entry: LockEntry = {
  command: 'python train.py',
  inputs: [
    { path: 'data', md5: 'aaaaaaaaaa.dir', sizeBytes: 1 },
    { path: 'train.py', md5: 'bbbbbbbbbb', sizeBytes: 1 },
  ],
  params: new Map([['params.yaml', new Map([['lr', 1n]])]]),
  outputs: [{ path: 'model', md5: 'cccccccccc', sizeBytes: 1 }],
};
const stored: StoredResult = { entry, environmentKey: 'env1', attemptId: 'sa_1' };
const state: StageState = {
  entry,
  environmentKey: 'env1',
  isAlwaysRun: false,
  isFrozen: false,
  forcedFrom: undefined,
  isIncremental: false,
  same: undefined,
  latest: stored,
};

function texts(changes: Partial<StageState>): string[] {
  const decision = decide({ ...state, ...changes });
  return [decision.use, ...decision.reasons.map(reasonText)];
}

describe('a stage', () => {
  it('that never ran, runs', () => {
    expect(texts({ latest: undefined })).toEqual(['run', 'it has not run before']);
  });

  it('that has not changed, does not run', () => {
    expect(texts({ same: stored })).toEqual(['stored', 'nothing changed since sa_1']);
  });

  it('that is as it was before the last change, does not run', () => {
    const older = { ...stored, attemptId: 'sa_0' };
    const changed = { ...stored, entry: { ...entry, command: 'other' } };
    expect(texts({ same: older, latest: changed })).toEqual(['stored', 'nothing changed since sa_0']);
    // Its output has been built on since: the older one cannot stand in.
    expect(texts({ same: older, latest: changed, isIncremental: true })[0]).toBe('run');
  });

  it('that lists an input less, does not run, as with dvc', () => {
    expect(texts({ entry: { ...entry, inputs: entry.inputs.slice(1) } })[0]).toBe('stored');
  });

  it.each<[string, Partial<LockEntry>, string]>([
    ['command', { command: 'python train.py -x' }, 'the command changed from python train.py to python train.py -x'],
    [
      'form of the command',
      { command: ['python train.py'] },
      'the command changed from python train.py to ["python train.py"]',
    ],
    [
      'input',
      { inputs: [{ path: 'data', md5: 'dddddddddd.dir', sizeBytes: 1 }] },
      'data changed (aaaaaaaa → dddddddd)',
    ],
    [
      'executable bit',
      { inputs: [{ path: 'train.py', md5: 'bbbbbbbbbb', sizeBytes: 1, isExecutable: true }] },
      'train.py changed (bbbbbbbb → bbbbbbbb, executable)',
    ],
    ['new input', { inputs: [...entry.inputs, { path: 'new', md5: 'e', sizeBytes: 1 }] }, 'new is a new input'],
    ['parameter', { params: new Map([['params.yaml', new Map([['lr', 2n]])]]) }, 'params.yaml:lr changed from 1 to 2'],
    [
      'type of a parameter',
      { params: new Map([['params.yaml', new Map([['lr', 1]])]]) },
      'params.yaml:lr changed from 1 to 1.0',
    ],
    ['new parameter', { params: new Map([['p.yaml', new Map([['a', 'x']])]]) }, 'p.yaml:a is a new parameter ("x")'],
    ['new output', { outputs: [{ path: 'o2', md5: '', sizeBytes: 0 }] }, 'o2 is a new output'],
  ])('with a changed %s runs, and says so', (_what, change, text) => {
    expect(texts({ entry: { ...entry, ...change } })).toEqual(['run', text]);
  });

  it('in another environment runs', () => {
    expect(texts({ environmentKey: 'env2' })).toEqual(['run', 'the environment changed (env1 → env2)']);
  });

  it('that always runs, runs', () => {
    expect(texts({ isAlwaysRun: true, same: stored })).toEqual(['run', 'it runs every time']);
  });

  it('that is frozen, keeps its last outputs whatever changed; without any it must run', () => {
    expect(texts({ isFrozen: true, entry: { ...entry, command: 'other' } })[0]).toBe('stored');
    expect(texts({ isFrozen: true, latest: undefined })[0]).toBe('run');
  });
});
