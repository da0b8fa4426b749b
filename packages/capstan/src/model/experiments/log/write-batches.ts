// Batches of many callers in one transaction. What each may do is decided before anything is written, so that a refused one
// leaves no trace and the others are written all the same.
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import type { ExperimentsDeps } from '../deps.ts';
import type { MetricIds } from '../metrics/metric-ids.ts';
import { findLoggedModelIds } from '../logged-models/logged-model.store.ts';
import { insertModelPoints, insertPoints, leastSteps } from '../metrics/metric.store.ts';
import { forgetBehind } from '../metrics/pyramid.store.ts';
import { RUN_NAME_TAG, type KeyValue, type MetricInput } from '../model.ts';
import { noLoggedModel, noRun, refuseChangedParams, refuseInactiveRun } from '../refusals.ts';
import * as store from '../run.store.ts';
import type { CheckedBatch } from './check-batch.ts';
import type { Outcome } from './coalesce.ts';
import type { Committed, LoggedFacts } from './logged-facts.ts';

/** Batches that are written all or none. */
export type Together = readonly CheckedBatch[];

/** What is written to a run for one cause, from all the batches that asked for it. */
interface RunWrite {
  readonly run: store.RunForWriting;
  readonly cause: Cause;
  readonly metrics: MetricInput[];
  readonly params: KeyValue[];
  readonly tags: Map<string, string>;
}

interface Written {
  readonly outcomes: readonly Outcome[];
  readonly committed: Committed;
}

export interface WriteDeps extends Pick<ExperimentsDeps, 'database' | 'clock'> {
  readonly metricIds: MetricIds;
  readonly facts: LoggedFacts;
}

/** The caller holds the chain lock. @returns one outcome per item, in their order */
export async function writeBatches(
  { database, clock, metricIds, facts }: WriteDeps,
  writer: Writer,
  items: readonly Together[],
): Promise<Written> {
  const { dialect } = database;
  const batches = items.flat();
  const runs = await store.findRunsForWriting(writer, [...new Set(batches.map((batch) => batch.runId))]);
  const known: Known = {
    runs,
    params: await store.findParamsOf(writer, paramsToLookUp(batches, runs)),
    models: await findLoggedModelIds(writer, [...new Set(batches.flatMap(({ models }) => [...models]))]),
  };
  const plan = new Map<string, RunWrite>();
  const outcomes = items.map((item) => decide(item, known, plan));
  const names = new Set([...plan.values()].flatMap(({ metrics }) => metrics.map(({ key }) => key)));
  const ids = await metricIds.ensure(writer, names);
  const committed: Committed[] = [() => metricIds.remember(ids)];
  for (const write of plan.values()) committed.push(await writeRun(write, ids));
  return {
    outcomes,
    committed() {
      for (const tell of committed) tell();
    },
  };

  async function writeRun({ run, cause, ...logged }: RunWrite, ids: ReadonlyMap<string, number>): Promise<Committed> {
    const tags = Array.from(logged.tags, ([key, value]) => ({ key, value }));
    const counts = {
      metrics: await insertPoints(dialect, writer, run.key, logged.metrics, ids),
      params: await store.insertParams(dialect, writer, run.key, logged.params),
      tags: await store.putTags(dialect, writer, run.key, tags),
    };
    if (run.hasPyramid && counts.metrics > 0) await forgetBehind(writer, run.key, leastSteps(logged.metrics, ids));
    const ofModels = await insertModelPoints(dialect, writer, run.id, logged.metrics, ids);
    if (counts.metrics + counts.params + counts.tags + ofModels === 0) return () => {};
    const name = logged.tags.get(RUN_NAME_TAG);
    if (name === undefined) await store.touchRun(writer, run.key, clock.now());
    else await store.updateRun(writer, run.key, { name }, clock.now());
    return await facts.note(writer, run, cause, counts);
  }
}

/** By run. */
type KnownParams = Map<number, Map<string, string>>;

/** What there is of what the batches name. */
interface Known {
  readonly runs: ReadonlyMap<string, store.RunForWriting>;
  /** As they will be once what is planned is written. */
  readonly params: KnownParams;
  readonly models: ReadonlySet<string>;
}

/** Adds all batches of the item to the plan, or none and says why. */
function decide(item: Together, known: Known, plan: Map<string, RunWrite>): Outcome {
  const own: KnownParams = new Map();
  try {
    for (const batch of item) refuseBatch(batch, known, own);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  for (const batch of item) {
    const run = known.runs.get(batch.runId);
    if (run) addToPlan(batch, run, known.params, plan);
  }
  return undefined;
}

/** @param own what the item's batches before this one log */
function refuseBatch(batch: CheckedBatch, known: Known, own: KnownParams): void {
  const run = known.runs.get(batch.runId);
  if (!run) throw noRun(batch.runId);
  refuseInactiveRun(batch.runId, run.lifecycle);
  const unknown = [...batch.models].find((id) => !known.models.has(id));
  if (unknown !== undefined) throw noLoggedModel(unknown);
  if (batch.params.length === 0) return;
  const name = `run ID='${batch.runId}'`;
  const before = own.get(run.key) ?? new Map<string, string>();
  refuseChangedParams(name, batch.params, known.params.get(run.key) ?? new Map());
  refuseChangedParams(name, batch.params, before);
  own.set(run.key, before);
  for (const { key, value } of batch.params) before.set(key, value);
}

function addToPlan(
  batch: CheckedBatch,
  run: store.RunForWriting,
  params: KnownParams,
  plan: Map<string, RunWrite>,
): void {
  const { actor, causationSeq = '', cycle = '' } = batch.cause;
  const place = `${run.key}/${actor}/${causationSeq}/${cycle}`;
  let write = plan.get(place);
  if (!write) plan.set(place, (write = { run, cause: batch.cause, metrics: [], params: [], tags: new Map() }));
  write.metrics.push(...batch.metrics);
  for (const { key, value } of batch.tags) write.tags.set(key, value);
  if (batch.params.length === 0) return;
  let known = params.get(run.key);
  if (!known) params.set(run.key, (known = new Map()));
  for (const param of batch.params) {
    if (known.has(param.key)) continue;
    known.set(param.key, param.value);
    write.params.push(param);
  }
}

function paramsToLookUp(
  batches: readonly CheckedBatch[],
  runs: ReadonlyMap<string, store.RunForWriting>,
): Map<number, string[]> {
  const wanted = new Map<number, string[]>();
  for (const { runId, params } of batches) {
    const run = runs.get(runId);
    if (!run || params.length === 0) continue;
    const keys = wanted.get(run.key) ?? [];
    wanted.set(run.key, keys);
    for (const { key } of params) keys.push(key);
  }
  return wanted;
}
