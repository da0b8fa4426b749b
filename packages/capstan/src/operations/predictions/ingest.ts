import type { Database, Writer } from '#database';
import type { Jobs } from '#jobs';
import { invalid, messageOf } from '#kernel/errors';
import type { Deployments, Pricing } from '#operations/deployments';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import { decodeSegment, type LoggedRequest } from '#ports/prediction-log';
import { joinOutcome } from './join-outcome.ts';
import { rowsOf, type Label } from './model.ts';
import * as store from './store.ts';

export interface IngestDeps {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly blobs: BlobStore;
  readonly deployments: Deployments;
}

export interface IngestResult {
  /** Rows that were new. */
  readonly rows: number;
  /** The segment had been taken before. */
  readonly isRepeated: boolean;
}

/**
 * Takes a segment of the prediction log. The same segment again has no effect, and a row that is there already (by
 * example, role and revision: a request sent again) is left out, so nothing is counted twice however it was sent.
 * @throws DomainError INVALID_ARGUMENT for what is no segment or names a deployment that does not exist; nothing is kept
 */
export async function ingestSegment(
  deps: IngestDeps,
  segment: { readonly id: string; readonly replica: string; readonly bytes: Buffer },
): Promise<IngestResult> {
  if (await store.hasSegment(deps.database.read, segment.id)) return { rows: 0, isRepeated: true };
  const records = decodeSegment(segment.bytes);
  const byDeployment = Map.groupBy(records, (record) => record.deployment);
  const pricings = new Map<string, Pricing>();
  for (const name of byDeployment.keys()) pricings.set(name, await pricingOf(deps, name));
  // Kept first, for the features: a crash before the commit leaves a blob that nobody refers to.
  const raw = await deps.blobs.put(segment.bytes);
  return await deps.database.write(async (writer) => {
    const now = deps.clock.now();
    let rows = 0;
    const row = { id: segment.id, replica: segment.replica, received_at: now, records: records.length, rows: 0 };
    if (!(await store.insertSegment(writer, { ...row, raw_digest: raw.digest }))) return { rows: 0, isRepeated: true };
    // In one order, so that two segments at once do not wait for each other.
    for (const name of [...byDeployment.keys()].toSorted()) {
      const pricing = pricings.get(name);
      if (!pricing) continue;
      const mine = { segment: segment.id, deployment: name, now, pricing };
      rows += await ingestRecords(deps.database, writer, mine, byDeployment.get(name) ?? []);
      await deps.jobs.enqueue(writer, 'rollouts.judge', { deployment: name });
    }
    await deps.jobs.enqueue(writer, 'predictions.features', { segment: segment.id });
    return { rows, isRepeated: false };
  });
}

async function pricingOf(deps: IngestDeps, deployment: string): Promise<Pricing> {
  try {
    return await deps.deployments.pricing(deployment);
  } catch (cause) {
    throw invalid(`The segment names the deployment '${deployment}': ${messageOf(cause)}`, { field: 'segment', cause });
  }
}

interface Place {
  readonly segment: string;
  readonly deployment: string;
  readonly now: number;
  readonly pricing: Pricing;
}

async function ingestRecords(
  database: Database,
  writer: Writer,
  place: Place,
  records: readonly LoggedRequest[],
): Promise<number> {
  const { deployment } = place;
  // Takes the lock: from here on no outcome of this deployment comes in between.
  await store.takeNumbers(writer, deployment, 0);
  const sent = records.flatMap((record) => predictionRows(place, record));
  const exampleIds = [...new Set(sent.map((row) => row.example_id))];
  const known = new Set((await store.predictionKeys(writer, deployment, exampleIds)).map(keyOf));
  const rows = sent.filter((row) => {
    const key = keyOf(row);
    return !known.has(key) && known.add(key);
  });
  const outcomes = await store.outcomesOf(writer, deployment, exampleIds);
  const labelled = rows.filter((row) => outcomes.has(row.example_id)).length;
  let seq = await store.takeNumbers(writer, deployment, rows.length + labelled);
  for (const row of rows) row.seq = ++seq;
  for (const row of rows) {
    const outcome = outcomes.get(row.example_id);
    if (!outcome) continue;
    const { label, labelAt, loss, value, baselineValue, modelLoss, modelValue } = joinOutcome(
      row,
      { label: outcome.label as Label, labelAt: outcome.label_at },
      place.pricing,
    );
    const joined = {
      label,
      label_at: labelAt,
      labelled_at: place.now,
      label_seq: ++seq,
      loss,
      value,
      baseline_value: baselineValue,
      model_loss: modelLoss,
      model_value: modelValue,
    };
    Object.assign(row, joined);
  }
  const pending = [...outcomes.values()].filter((outcome) => outcome.is_pending === 1);
  await store.upsertOutcomes(
    database,
    writer,
    pending.map((outcome) => ({ ...outcome, is_pending: 0 })),
  );
  return await store.insertPredictions(database, writer, rows);
}

function predictionRows({ segment, deployment, now, pricing }: Place, record: LoggedRequest): store.PredictionRow[] {
  const answering = record.parts.filter((part) => part.role === 'champion' || part.role === 'canary' || part.share > 0);
  const isSplit = answering.length > 1 ? 1 : 0;
  return rowsOf(record).map(({ exampleId, part, eventTime, probability, partRows }) => ({
    deployment,
    example_id: exampleId,
    role: part.role,
    revision: part.revision,
    project: pricing.project,
    request_id: record.request,
    segment,
    seq: 0,
    rollout: record.rollout,
    stage: record.stage,
    model_version: part.modelVersion,
    share: part.share,
    threshold: part.threshold,
    event_time: eventTime,
    predicted_at: record.at,
    ingested_at: now,
    probability,
    shift: part.shift,
    decision: probability === null ? null : Number(probability >= part.threshold),
    error: part.error,
    latency_us: part.latencyUs,
    part_rows: partRows,
    is_split: isSplit,
    label: null,
    label_at: null,
    labelled_at: null,
    label_seq: null,
    loss: null,
    value: null,
    baseline_value: null,
    model_loss: null,
    model_value: null,
  }));
}

function keyOf(row: { readonly example_id: string; readonly role: string; readonly revision: number }): string {
  return `${row.role}/${row.revision}/${row.example_id}`;
}
