// The order of test files: those that take longest begin first, so that at the end no worker has long to go alone.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those of a minute or more beside another one on two cores, and of a quarter of one for the unit tests. */
const longest = [
  'tests/clients/dvc-remotes',
  'tests/clients/mlflow-import',
  'tests/e2e/demo',
  'tests/e2e/tour',
  'tests/clients/dvc-keep',
  'tests/e2e/withheld-replica',
  'tests/e2e/tracking-screens',
  'tests/e2e/datasets',
  'tests/clients/ray-batch-predictions',
  'tests/clients/slurm-executor',
  'tests/clients/dvc-repro',
  'tests/crash/pipelines',
  'tests/clients/dvc-diff',
  'tests/clients/onnx-bodies',
  'data/expectations/trying',
  'data/features/features',
  'data/expectations/expectations',
  'data/expectations/more-rules',
  'model/pipelines/ending',
  'model/pipelines/reuse',
  'tests/lint/lint-fixtures',
  'model/sweeps/optuna',
].map((name) => `/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  /** Beyond the list, as vitest does: by what it remembers of the last run, else by size. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.endsWith(name));
  return place < 0 ? longest.length : place;
}
