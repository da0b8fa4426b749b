// What is refused of a batch before anything is read or written.
import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import { RUN_NAME_TAG, type KeyValue, type MetricInput } from '../model.ts';
import { checkKey, checkRunId } from '../naming.ts';
import { checkRunName } from '../run-name.ts';
import { checkedParams, checkedTags } from '../texts.ts';

/** What is logged to one run in one call. */
export interface Batch {
  readonly runId: string;
  readonly metrics?: readonly MetricInput[] | undefined;
  readonly params?: readonly KeyValue[] | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
  readonly cause: Cause;
}

/** A batch within the limits, its texts cut to length, each tag once. */
export interface CheckedBatch {
  readonly runId: string;
  readonly metrics: readonly MetricInput[];
  /** Names of its metrics. */
  readonly names: ReadonlySet<string>;
  /** Logged models that its metrics are of. */
  readonly models: ReadonlySet<string>;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly cause: Cause;
}

const LIMITS = { metrics: 1_000, params: 100, tags: 100 } as const;
const LIMIT_IN_ALL = 1_000;

/**
 * @param isKnownName whether a metric of this name has been logged before, hence is a name
 * @throws DomainError INVALID_ARGUMENT
 */
export function checkBatch(batch: Batch, isKnownName: (name: string) => boolean): CheckedBatch {
  const { runId, metrics = [], params = [], tags = [], cause } = batch;
  refuseMany(metrics.length, LIMITS.metrics, 'metrics');
  refuseMany(params.length, LIMITS.params, 'params');
  refuseMany(tags.length, LIMITS.tags, 'tags');
  refuseMany(metrics.length + params.length + tags.length, LIMIT_IN_ALL, 'metrics, params, and tags');
  const names = new Set<string>();
  const models = new Set<string>();
  for (const [index, metric] of metrics.entries()) {
    if (!names.has(metric.key)) {
      if (!isKnownName(metric.key)) checkKey(`metrics[${index}].key`, metric.key);
      names.add(metric.key);
    }
    if (metric.timestamp < 0) {
      throw invalid(`Timestamp must be a non-negative integer, got ${metric.timestamp} for metric '${metric.key}'`, {
        field: `metrics[${index}].timestamp`,
      });
    }
    if (metric.modelId !== undefined) models.add(metric.modelId);
  }
  // A run always has a name: an empty one changes nothing.
  const checkedTagList = checkedTags(tags).filter(({ key, value }) => key !== RUN_NAME_TAG || value !== '');
  for (const tag of checkedTagList) if (tag.key === RUN_NAME_TAG) checkRunName(tag.value);
  const checked = { runId, metrics, names, models, params: checkedParams(params), tags: checkedTagList, cause };
  checkRunId(runId);
  return checked;
}

function refuseMany(count: number, limit: number, what: string): void {
  if (count <= limit) return;
  throw invalid(`A batch logging request can contain at most ${limit} ${what}. Got ${count}.`, {
    field: what.split(',')[0] ?? what,
    hint: 'Split it into several requests.',
  });
}
