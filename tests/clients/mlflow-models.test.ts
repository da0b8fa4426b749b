// Models of an unmodified mlflow: mlflow_models_session.py acts as users do, this says what they must see.
import { expect, test } from 'vitest';
import { describeSession, refused } from './sessions.ts';

describeSession('mlflow_models_session.py', ({ sawIn }) => {
  const rounds = [0, 1, 2, 3, 4];

  test('autolog: xgboost logs each round, its importances and its model, which is registered and loaded back', () => {
    expect(sawIn('xgboost_autolog')).toEqual({
      status: 'FINISHED',
      metric: rounds,
      isLatestLast: true,
      datasets: [
        ['dataset', 'train'],
        ['train', 'eval'],
      ],
      artifacts: ['feature_importance_weight.json', 'feature_importance_weight.png'],
      modelStatus: 'READY',
      modelRun: true,
      modelFiles: expect.arrayContaining(['MLmodel', 'model.ubj']),
      modelMetrics: ['train-logloss'],
      params: { max_depth: '2', num_boost_round: '5' },
      version: ['1', true],
      isPredictionSame: true,
      isAnswerSame: true,
    });
  });

  test('autolog: lightgbm logs each round, its importances and its model, which is registered and loaded back', () => {
    expect(sawIn('lightgbm_autolog')).toEqual({
      status: 'FINISHED',
      metric: rounds,
      isLatestLast: true,
      datasets: [
        ['dataset', 'train'],
        ['train', 'eval'],
      ],
      artifacts: expect.arrayContaining(['feature_importance_gain.json', 'feature_importance_split.png']),
      modelStatus: 'READY',
      modelRun: true,
      modelFiles: expect.arrayContaining(['MLmodel', 'model.lgb']),
      modelMetrics: ['train-binary_logloss'],
      params: { num_leaves: '4', num_boost_round: '5' },
      version: ['1', true],
      isPredictionSame: true,
      isAnswerSame: true,
    });
  });

  test('autolog: a grid search has a child run for each candidate', () => {
    expect(sawIn('tuning')).toEqual({
      children: 3,
      status: ['FINISHED'],
      isBestFirst: true,
      isBestParam: true,
      isBestScore: true,
      all: 4,
    });
  });

  test('nested runs are found by their parent; NaN sorts behind numbers', () => {
    expect(sawIn('nested_runs')).toEqual({
      children: ['child 0', 'child 1'],
      parentOfLeaf: true,
      leaves: 2,
      best: 'child 1',
      last: 'root',
    });
  });

  test('logged models: params, tags, metrics on a dataset, searches, an end and a deletion', () => {
    expect(sawIn('logged_models')).toEqual({
      first: ['READY', { depth: '0', late: 'yes' }, 'bush', true],
      hasExtra: false,
      metrics: [
        [0.7, 'held-out'],
        [0.9, null],
      ],
      byParam: ['try-1'],
      byMetric: ['try-1', 'try-0'],
      byName: ['try-1', 'try-0'],
      pages: [2, 1, null],
      gone: refused('RESOURCE_DOES_NOT_EXIST', 404, 'not found'),
      retry: null,
      changed: refused('INVALID_PARAMETER_VALUE', 400, 'Changing param values is not allowed'),
    });
  });

  test('inputs: datasets of several kinds with their contexts, and a model', () => {
    expect(sawIn('inputs')).toEqual({
      datasets: [
        [
          'array',
          'code',
          [
            ['fold', '1'],
            ['mlflow.data.context', 'evaluation'],
          ],
        ],
        ['frame', 'code', [['mlflow.data.context', 'training']]],
      ],
      models: true,
      found: true,
      none: 0,
    });
  });
});
