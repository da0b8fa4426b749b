import type { Database, Writer } from '#database';
import type { Jobs } from '#jobs';
import { invalid } from '#kernel/errors';
import type { Deployments, Pricing } from '#operations/deployments';
import type { Clock } from '#ports/clock';
import { joinOutcome } from './join-outcome.ts';
import { exampleIdOf, type Label } from './model.ts';
import { noteCorrections } from './feedback-parts.store.ts';
import * as store from './store.ts';

/** What really happened to one example. */
export interface Outcome {
  /** Prediction id or example id. */
  readonly id: string;
  readonly label: Label;
  /** When it happened; left out: now. */
  readonly at?: number | undefined;
}

export interface RecordedOutcomes {
  readonly joined: number;
  readonly pending: number;
  readonly repeated: number;
  readonly corrected: number;
}

export interface OutcomesDeps {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly deployments: Deployments;
}

/**
 * Records outcomes and joins them with every logged answer of the example. All or nothing; the same call again has no
 * effect. An outcome whose prediction has not come yet is kept until it does. Another label for an example that has one
 * replaces it: loss and value follow, while what a rollout has already weighed stays weighed as it was.
 * @throws DomainError NOT_FOUND, INVALID_ARGUMENT
 */
export async function recordOutcomes(
  deps: OutcomesDeps,
  deployment: string,
  outcomes: readonly Outcome[],
): Promise<RecordedOutcomes> {
  const pricing = await deps.deployments.pricing(deployment);
  const now = deps.clock.now();
  const given = new Map<string, { label: Label; labelAt: number }>();
  for (const [index, { id, label, at }] of outcomes.entries()) {
    const exampleId = exampleIdOf(deployment, id);
    const earlier = given.get(exampleId);
    if (earlier && earlier.label !== label) {
      throw invalid(`'${id}' is given twice with different labels`, { field: `body.outcomes[${index}].id` });
    }
    if (!earlier) given.set(exampleId, { label, labelAt: at ?? now });
  }
  return await deps.database.write(async (writer) => {
    const counts = await join(deps.database, writer, { deployment, pricing, now }, given);
    if (counts.joined + counts.corrected > 0) await deps.jobs.enqueue(writer, 'rollouts.judge', { deployment });
    return { ...counts, repeated: counts.repeated + outcomes.length - given.size };
  });
}

async function join(
  database: Database,
  writer: Writer,
  { deployment, pricing, now }: { deployment: string; pricing: Pricing; now: number },
  given: ReadonlyMap<string, { label: Label; labelAt: number }>,
): Promise<RecordedOutcomes> {
  // Takes the lock: from here on no segment of this deployment comes in between.
  await store.takeNumbers(writer, deployment, 0);
  const known = await store.outcomesOf(writer, deployment, [...given.keys()]);
  const news = [...given].filter(([id, { label }]) => known.get(id)?.label !== label);
  const answers = await store.answersOf(
    writer,
    deployment,
    news.map(([id]) => id),
  );
  const counts = { joined: 0, pending: 0, repeated: given.size - news.length, corrected: 0 };
  const outcomes: store.OutcomeRow[] = [];
  const rows: store.LabelledAnswer[] = [];
  const corrected: string[] = [];
  for (const [id, outcome] of news) {
    const before = known.get(id);
    const mine = answers.get(id) ?? [];
    if (before) counts.corrected += 1;
    // Files were written with the old label, perhaps.
    if (before && mine.length > 0) corrected.push(id);
    else if (mine.length > 0) counts.joined += 1;
    else counts.pending += 1;
    outcomes.push({
      deployment,
      example_id: id,
      label: outcome.label,
      label_at: outcome.labelAt,
      received_at: before?.received_at ?? now,
      corrections: before ? before.corrections + 1 : 0,
      is_pending: mine.length > 0 ? 0 : 1,
    });
    for (const row of mine.toSorted((a, b) => a.seq - b.seq)) rows.push(labelled(row, outcome, pricing));
  }
  const unnumbered = rows.filter((row) => row.label_seq === null);
  let seq = await store.takeNumbers(writer, deployment, unnumbered.length);
  for (const row of unnumbered) Object.assign(row, { label_seq: ++seq, labelled_at: now });
  await store.labelPredictions(database, writer, deployment, rows);
  await store.upsertOutcomes(database, writer, outcomes);
  await noteCorrections(writer, deployment, corrected);
  return counts;
}

function labelled(
  row: store.Answer,
  outcome: { label: Label; labelAt: number },
  pricing: Pricing,
): store.LabelledAnswer {
  const { label, labelAt, baselineValue, modelLoss, modelValue, ...joined } = joinOutcome(row, outcome, pricing);
  return {
    ...row,
    ...joined,
    label,
    label_at: labelAt,
    baseline_value: baselineValue,
    model_loss: modelLoss,
    model_value: modelValue,
  };
}
