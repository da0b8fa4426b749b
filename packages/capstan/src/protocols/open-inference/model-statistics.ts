import { notFound } from '#kernel/errors';
import type { RevisionStatistics, ServingPlane, TimedCount } from '#operations/serving';

const NONE: TimedCount = { count: 0, ns: 0 };

/**
 * Counters as Triton's statistics extension has them, of every revision that is served, or of a deployment's, or of one.
 * @throws DomainError NOT_FOUND, UNAVAILABLE
 */
export function modelStatistics(plane: ServingPlane, deployment?: string, revision?: number) {
  if (deployment !== undefined) plane.describe(deployment, revision);
  const known = plane.statistics().filter((entry) => {
    if (deployment !== undefined && entry.deployment !== deployment) return false;
    return revision === undefined || entry.revision === revision;
  });
  if (known.length === 0 && deployment !== undefined) throw notFound('model', deployment);
  return { model_stats: known.map(shown) };
}

function shown(entry: RevisionStatistics) {
  const { success, fail } = entry;
  const executed = { count: success.count + fail.count, ns: success.ns + fail.ns };
  return {
    name: entry.deployment,
    version: String(entry.revision),
    last_inference: entry.lastInferenceAt,
    inference_count: entry.inferenceCount,
    execution_count: entry.executionCount,
    inference_stats: {
      success,
      fail,
      queue: NONE,
      compute_input: NONE,
      compute_infer: executed,
      compute_output: NONE,
      cache_hit: NONE,
      cache_miss: NONE,
    },
    batch_stats: [],
  };
}
