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
import type { Committed, LoggedCounts, LoggedFacts } from './logged-facts.ts';

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

export interface WriteDeps extends Pick<ExperimentsDeps, 'database' | 'events' | 'clock'> {
  readonly metricIds: MetricIds;
  readonly facts: LoggedFacts;
}

/** The caller holds the chain lock. @returns one outcome per item, in their order */
export async function writeBatches(
  { database, events, clock, metricIds, facts }: WriteDeps,
  writer: Writer,
  items: readonly Together[],
): Promise<Written> {
  const { dialect } = database;
  const batches = items.flat();
  events.prepare(writer);
  const [runs, params, models] = await Promise.all([
    store.findRunsForWriting(dialect, writer, [...new Set(batches.map((batch) => batch.runId))]),
    store.findParamsOf(dialect, writer, paramsToLookUp(batches)),
    findLoggedModelIds(writer, [...new Set(batches.flatMap(({ models: ids }) => [...ids]))]),
  ]);
  const plan = new Map<string, RunWrite>();
  const outcomes = items.map((item) => decide(item, { runs, params, models }, plan));
  const names = new Set([...plan.values()].flatMap(({ metrics }) => metrics.map(({ key }) => key)));
  const ids = await metricIds.ensure(writer, names);
  const committed: Committed[] = [() => metricIds.remember(ids)];
  for (const round of rounds([...plan.values()])) committed.push(...(await writeRound(round, ids)));
  return {
    outcomes,
    committed() {
      for (const tell of committed) tell();
    },
  };

  /** All that is written of them goes to the database together: it is asked few times, however many callers there are. */
  async function writeRound(round: Round, ids: ReadonlyMap<string, number>): Promise<Committed[]> {
    const ofModels = [...round.values()].filter(({ metrics }) => metrics.some(({ modelId }) => modelId !== undefined));
    const [metrics, params, tags] = await Promise.all([
      insertPoints(dialect, writer, loggedOf(round, 'metrics'), ids),
      store.insertParams(dialect, writer, loggedOf(round, 'params')),
      store.putTags(dialect, writer, tagsOf(round)),
    ]);
    const changed: (readonly [RunWrite, LoggedCounts])[] = [];
    for (const [key, write] of round) {
      const counts = { metrics: metrics.get(key) ?? 0, params: params.get(key) ?? 0, tags: tags.get(key) ?? 0 };
      if (write.run.hasPyramid && counts.metrics > 0) await forgetBehind(writer, key, leastSteps(write.metrics, ids));
      const added = ofModels.includes(write)
        ? await insertModelPoints(dialect, writer, write.run.id, write.metrics, ids)
        : 0;
      if (counts.metrics + counts.params + counts.tags + added > 0) changed.push([write, counts]);
    }
    const now = clock.now();
    const named = changed.flatMap(([{ run, tags: own }]) => {
      const name = own.get(RUN_NAME_TAG);
      return name === undefined ? [] : [[run.key, name] as const];
    });
    const renamed = new Set(named.map(([key]) => key));
    const touched = changed.map(([{ run }]) => run.key).filter((key) => !renamed.has(key));
    const [told] = await Promise.all([
      Promise.all(changed.map(([{ run, cause }, counts]) => facts.note(writer, run, cause, counts))),
      store.touchRuns(dialect, writer, touched, now),
      ...named.map(([key, name]) => store.updateRun(writer, key, { name }, now)),
    ]);
    return told;
  }
}

/** Writes by run key: each run once. */
type Round = ReadonlyMap<number, RunWrite>;

/** What is written to a run for several causes goes one after another. */
function rounds(writes: readonly RunWrite[]): Round[] {
  const found: Map<number, RunWrite>[] = [];
  for (const write of writes) {
    let round = found.find((one) => !one.has(write.run.key));
    if (!round) found.push((round = new Map()));
    round.set(write.run.key, write);
  }
  return found;
}

function loggedOf<Kind extends 'metrics' | 'params'>(round: Round, kind: Kind): ReadonlyMap<number, RunWrite[Kind]> {
  return new Map(Array.from(round, ([key, write]) => [key, write[kind]]));
}

function tagsOf(round: Round): ReadonlyMap<number, readonly KeyValue[]> {
  return new Map(Array.from(round, ([run, { tags }]) => [run, Array.from(tags, ([key, value]) => ({ key, value }))]));
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

function paramsToLookUp(batches: readonly CheckedBatch[]): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { runId, params } of batches) {
    if (params.length === 0) continue;
    const keys = wanted.get(runId) ?? new Set();
    wanted.set(runId, keys);
    for (const { key } of params) keys.add(key);
  }
  return wanted;
}
