import { expect, test } from 'vitest';
import { withPlaces } from './prompt-experiments.ts';

test('a prompt stays with its experiments where these have other ids here', () => {
  const places = new Map([
    ['1', '12'],
    ['12', '3'],
  ]);
  const tags = { team: '1', _mlflow_experiment_ids: ',1,12,7,' };
  expect(withPlaces(tags, places)).toEqual({ team: '1', _mlflow_experiment_ids: ',12,3,7,' });
  expect(withPlaces({ team: '1' }, places)).toEqual({ team: '1' });
});
