import type { VerdictCheck } from '#model/registry';
import type { GatesDeps } from './deps.ts';
import type { EvaluationRows } from './evaluation-rows.ts';
import { trainingOf, type Contender } from './lineage.ts';
import { BATCH_ROWS, withScored } from './score.ts';

/**
 * Whether the training could be run again, and whether the model answers the same when it is loaded again. Checked: that
 * the pipeline run which made the version is known, that each of its inputs, its code and its Python environment are pinned
 * by digest, and that a second, fresh load of the model scores evaluation rows bit for bit as the first one did. Not
 * checked: the training is not run a second time, which would cost as much as it did; the reason says so.
 */
export async function checkReproducible(
  deps: GatesDeps,
  project: string,
  candidate: Contender,
  rows: EvaluationRows,
  first: Float64Array,
): Promise<VerdictCheck> {
  const check = { check: 'reproducible', limit: 0 };
  const training = await trainingOf(deps, project, candidate);
  if ('unknown' in training) return { ...check, status: 'unknown', value: null, n: 0, reason: training.unknown };
  const { run } = training;
  const loose = [
    ...run.inputs
      .filter(({ used }) => used !== null && used.digest === '')
      .map(({ dataset }) => `the dataset ${dataset}`),
    ...(run.codeDigest === null ? ['its code'] : []),
    ...(run.environmentKey === null ? ['its Python environment'] : []),
  ];
  if (loose.length > 0) {
    return {
      ...check,
      status: 'fail',
      value: null,
      n: 0,
      reason: `pipeline run ${run.number} does not pin ${loose.join(', ')}`,
    };
  }
  const again = await withScored(deps, candidate, { rows, upTo: BATCH_ROWS }, async (scored) => scored);
  if ('failure' in again)
    return { ...check, status: 'fail', value: null, n: 0, reason: `it cannot be scored again: ${again.failure}` };
  const n = again.probabilities.length;
  const differing = again.probabilities.reduce(
    (count, value, row) => count + (Object.is(value, first[row]) ? 0 : 1),
    0,
  );
  const inputs = run.inputs.filter(({ used }) => used !== null).length;
  const pinned = `pipeline run ${run.number} pins ${inputs} dataset version${inputs === 1 ? '' : 's'}, code and Python environment by digest (it was not run again)`;
  if (differing > 0) {
    return {
      ...check,
      status: 'fail',
      value: differing,
      n,
      reason: `${pinned}, but a second load of the model scores ${differing} of ${n} rows differently`,
    };
  }
  return {
    ...check,
    status: 'pass',
    value: 0,
    n,
    reason: `${pinned}; a second load of the model scores ${n} rows bit for bit the same`,
  };
}
