import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { invalid } from '#kernel/errors';
import type { ExperimentsDeps } from './deps.ts';
import { findLoggedModelIds } from './logged-models/logged-model.store.ts';
import type { MetricIds } from './metrics/metric-ids.ts';
import { insertModelPoints, insertPoints } from './metrics/metric.store.ts';
import { RUN_NAME_TAG, type KeyValue, type MetricInput } from './model.ts';
import { checkKey, checkRunId } from './naming.ts';
import { projectOf } from './project-of.ts';
import { noLoggedModel, noRun, refuseChangedParams, refuseInactiveRun } from './refusals.ts';
import * as store from './run.store.ts';
import { checkRunName } from './runs.ts';
import { checkedParams, checkedTags } from './texts.ts';

export interface Batch {
  readonly runId: string;
  readonly metrics?: readonly MetricInput[] | undefined;
  readonly params?: readonly KeyValue[] | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
  readonly cause: Cause;
}

export interface LogUseCases {
  /**
   * The one way that metrics, params and tags of a run are written: all of a batch or nothing. What is there already in
   * the same words has no effect, so a repeated call is safe.
   * @throws DomainError NOT_FOUND; CONFLICT when the run is deleted or a param would change its value (`details.params`);
   *   INVALID_ARGUMENT past the limits (1,000 metrics, 100 params, 100 tags, 1,000 in all) and for names
   */
  logBatch(batch: Batch): Promise<void>;
  /** Several batches, all or nothing together. */
  logBatches(batches: readonly Batch[]): Promise<void>;
}

const LIMITS = { metrics: 1_000, params: 100, tags: 100 } as const;
const LIMIT_IN_ALL = 1_000;

export function logUseCases({ database, events, clock }: ExperimentsDeps, metricIds: MetricIds): LogUseCases {
  const { dialect } = database;

  async function write(writer: Writer, batch: Checked) {
    const { runId, metrics, params, tags, cause } = batch;
    const run = await store.findRunForWriting(writer, runId);
    if (!run) throw noRun(runId);
    refuseInactiveRun(runId, run.lifecycle);
    if (batch.models.size > 0) await refuseUnknownModels(writer, batch.models);
    const ids = await metricIds.ensure(writer, batch.names);
    const counts = {
      metrics: await insertPoints(dialect, writer, run.key, metrics, ids),
      params: await insertNewParams(writer, runId, run.key, params),
      tags: await store.putTags(dialect, writer, run.key, tags),
    };
    const ofModels = batch.models.size > 0 ? await insertModelPoints(dialect, writer, runId, metrics, ids) : 0;
    if (counts.metrics + counts.params + counts.tags + ofModels === 0) return ids;

    const name = tags.find((tag) => tag.key === RUN_NAME_TAG)?.value;
    if (name === undefined) await store.touchRun(writer, run.key, clock.now());
    else await store.updateRun(writer, run.key, { name }, clock.now());
    await events.append(writer, cause, {
      type: 'run.logged',
      ...projectOf(run.experimentName),
      subject: `run:${runId}`,
      payload: { ...counts, datasets: 0, models: 0, artifacts: 0 },
    });
    return ids;
  }

  async function insertNewParams(
    writer: Writer,
    runId: string,
    run: number,
    params: readonly KeyValue[],
  ): Promise<number> {
    if (params.length === 0) return 0;
    const known = await store.findParams(
      writer,
      run,
      params.map((param) => param.key),
    );
    refuseChangedParams(`run ID='${runId}'`, params, known);
    return await store.insertParams(
      dialect,
      writer,
      run,
      params.filter((param) => !known.has(param.key)),
    );
  }

  async function logBatches(batches: readonly Batch[]): Promise<void> {
    const checked = batches.map((batch) => check(batch, metricIds));
    const learned = await database.write(async (writer) => {
      await dialect.lockChain(writer);
      const ids: ReadonlyMap<string, number>[] = [];
      for (const batch of checked) ids.push(await write(writer, batch));
      return ids;
    });
    for (const ids of learned) metricIds.remember(ids);
  }

  return { logBatches, logBatch: (batch) => logBatches([batch]) };
}

interface Checked {
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

function check(batch: Batch, metricIds: MetricIds): Checked {
  const { runId, metrics = [], params = [], tags = [], cause } = batch;
  refuseMany(metrics.length, LIMITS.metrics, 'metrics');
  refuseMany(params.length, LIMITS.params, 'params');
  refuseMany(tags.length, LIMITS.tags, 'tags');
  refuseMany(metrics.length + params.length + tags.length, LIMIT_IN_ALL, 'metrics, params, and tags');
  const names = new Set<string>();
  const models = new Set<string>();
  for (const [index, metric] of metrics.entries()) {
    if (!names.has(metric.key)) {
      if (!metricIds.isKnown(metric.key)) checkKey(`metrics[${index}].key`, metric.key);
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

/** @throws DomainError NOT_FOUND for a model that never was; those deleted still take what was measured on them */
async function refuseUnknownModels(writer: Writer, ids: ReadonlySet<string>): Promise<void> {
  const known = await findLoggedModelIds(writer, [...ids]);
  const unknown = [...ids].find((id) => !known.has(id));
  if (unknown !== undefined) throw noLoggedModel(unknown);
}

function refuseMany(count: number, limit: number, what: string): void {
  if (count <= limit) return;
  throw invalid(`A batch logging request can contain at most ${limit} ${what}. Got ${count}.`, {
    field: what.split(',')[0] ?? what,
    hint: 'Split it into several requests.',
  });
}
