import type { Revision } from '@capstan/api';
import { expect, test } from 'vitest';
import { revisionChanges } from './revision-changes.ts';

const before: Revision = {
  deployment: 'iris',
  number: 1,
  digest: 'sha256:1',
  model: 'iris',
  version: 1,
  flavor: 'onnx',
  modelDigest: `sha256:${'0'.repeat(64)}`,
  threshold: 0.5,
  inputAdapters: { width: { multiply: 2, add: 0 }, height: { multiply: 1, add: 1 } },
  serving: { maxBatchSize: 8 },
  servingWords: ['max_batch_size=8'],
  createdAt: 1,
  createdBy: 'ada',
};

test('each thing that is otherwise is told, with what it was; nothing that is equal', () => {
  expect(revisionChanges(before, { ...before, number: 2, createdAt: 2, createdBy: 'bob' })).toEqual([]);
  const after = {
    ...before,
    version: 2,
    flavor: 'python_function' as const,
    threshold: 0.25,
    inputAdapters: { height: { multiply: 1, add: 2 } },
    serving: { workers: 2 },
  };
  expect(revisionChanges(before, after)).toEqual([
    'version 1 → 2',
    'flavor onnx → python_function',
    'threshold 0.500 → 0.250',
    'conversion of width',
    'conversion of height',
    'max_batch_size 8 → default',
    'instance_group.count default → 2',
  ]);
});
