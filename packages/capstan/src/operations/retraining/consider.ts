import type { Declaration } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import type { RetrainingDeps } from './deps.ts';
import { policyOf, type KeyedTrigger } from './model.ts';
import { decideRetraining, type PolicyDecision, type RetrainFacts } from './policy.ts';
import * as store from './store.ts';

/** What became of a trigger. */
export interface Considered {
  /** The turn that it began; null where the policy held it back. */
  readonly cycle: string | null;
  readonly reason: string;
}

/**
 * Judges a trigger by the project's policy, once: either a turn begins, or the refusal is recorded with every limit and
 * what was measured against it. The same trigger again gives the same answer.
 * @throws DomainError NOT_FOUND; CONFLICT when the project has no pipeline to train with
 */
export async function consider(
  deps: RetrainingDeps,
  projectName: string,
  trigger: KeyedTrigger,
  cause: Cause,
): Promise<Considered> {
  const { declaration } = await deps.projects.get(projectName);
  const missing = !declaration.pipeline ? 'pipeline' : !declaration.model ? 'model' : undefined;
  if (missing !== undefined) {
    throw conflict(`The project '${projectName}' declares no ${missing}`, {
      field: missing,
      hint: `A turn of the cycle trains and judges a model: write ${missing} into capstan.yaml and apply it.`,
    });
  }
  const outside = await factsOutside(deps, projectName, declaration);
  return await deps.database.write(async (writer) => {
    // Two triggers at once are judged one after the other: the second sees the turn that the first began.
    const known = await store.findTrigger(writer, projectName, trigger.key);
    if (known) return { cycle: known.cycle, reason: known.reason };
    const { lastNumber, ...history } = await store.history(writer, projectName);
    const decision = decideRetraining(trigger, policyOf(declaration), { ...outside, ...history });
    const begun = decision.start
      ? await begin(deps, writer, {
          project: projectName,
          number: lastNumber + 1,
          trigger,
          decision,
          declaration,
          cause,
        })
      : await refuse(deps, writer, { project: projectName, trigger, decision, cause });
    await store.insertTrigger(writer, {
      project: projectName,
      trigger_key: trigger.key,
      kind: trigger.kind,
      trigger_reason: trigger.reason,
      trigger_at: trigger.at,
      cycle: begun.cycle,
      reason: decision.reason,
      checks: JSON.stringify(decision.checks),
      event_seq: begun.eventSeq,
      considered_at: deps.clock.now(),
    });
    return { cycle: begun.cycle, reason: decision.reason };
  });
}

type FactsOutside = Omit<RetrainFacts, keyof Omit<store.History, 'lastNumber'>>;

async function factsOutside(deps: RetrainingDeps, project: string, declaration: Declaration): Promise<FactsOutside> {
  const { database, clock, deployments } = deps;
  const now = clock.now();
  const deployment = (await deployments.list(project)).find(({ name }) => name === declaration.deployment?.name);
  const since = (await store.lastWindowEnd(database.read, project)) ?? 0;
  return {
    now,
    hasChampion: deployment?.champion !== undefined,
    newLabels: deployment ? await labelsSince(deps, deployment.name, since, now) : 0,
    quarantined: await quarantined(deps, project, declaration),
  };
}

async function labelsSince(
  { predictions }: RetrainingDeps,
  deployment: string,
  from: number,
  now: number,
): Promise<number> {
  const rows = await predictions.performance({ deployment, from, to: now });
  return rows.filter(({ role }) => role !== 'shadow').reduce((sum, { labelled }) => sum + labelled, 0);
}

/** Datasets whose newest version is in quarantine: what the next training would need and must not have. */
export async function quarantined(
  { datasets }: Pick<RetrainingDeps, 'datasets'>,
  project: string,
  declaration: Declaration,
): Promise<string[]> {
  const found: string[] = [];
  for (const [dataset, { from }] of Object.entries(declaration.datasets)) {
    // Made anew by each turn, from what is known then.
    if (from === 'predictions') continue;
    const newest = await datasets.latest(project, dataset, 'pending', 'accepted', 'quarantined');
    if (newest?.status === 'quarantined') found.push(`${dataset}@${newest.number}`);
  }
  return found;
}

interface Beginning {
  readonly project: string;
  readonly trigger: KeyedTrigger;
  readonly decision: PolicyDecision;
  readonly cause: Cause;
}

async function begin(
  deps: RetrainingDeps,
  writer: Writer,
  {
    project,
    number,
    trigger,
    decision,
    declaration,
    cause,
  }: Beginning & { readonly number: number; readonly declaration: Declaration },
): Promise<{ cycle: string; eventSeq: number }> {
  const id = deps.ids.next('cy');
  const now = deps.clock.now();
  const { kind, reason, at, evidence } = trigger;
  const started = await deps.events.append(
    writer,
    { ...cause, cycle: id },
    {
      type: 'cycle.started',
      project,
      subject: `cycle:${id}`,
      payload: { cycle: id, number, trigger: { kind, reason, at }, checks: [...decision.checks] },
    },
  );
  const entered = await deps.events.append(
    writer,
    { ...cause, causationSeq: started.seq, cycle: id },
    {
      type: 'cycle.step-entered',
      project,
      subject: `cycle:${id}`,
      payload: { cycle: id, number, step: 'data', reason },
    },
  );
  await store.insertCycle(writer, {
    id,
    project,
    number,
    state: 'data',
    trigger_kind: kind,
    trigger_reason: reason,
    trigger_at: at,
    training: '[]',
    model: declaration.model?.name ?? null,
    deployment: declaration.deployment?.name ?? null,
    last_event: entered.seq,
    started_at: now,
  });
  await store.beginStep(writer, id, { step: 'trigger', startedAt: at });
  const checks = decision.checks.map(({ check, value, limit }) => {
    return { decision: check, status: 'pass' as const, value, limit, n: null, reason: `${value}, wanted ${limit}` };
  });
  await store.insertDecisions(writer, id, 'trigger', checks, now);
  await store.endStep(writer, id, 'trigger', { status: 'pass', value: kind, reason, evidence }, now);
  await store.beginStep(writer, id, { step: 'data', startedAt: now });
  await deps.jobs.enqueue(writer, 'cycles.advance', { cycle: id }, { causedBy: entered.seq });
  return { cycle: id, eventSeq: started.seq };
}

async function refuse(
  deps: RetrainingDeps,
  writer: Writer,
  { project, trigger: { kind, reason, at }, decision, cause }: Beginning,
): Promise<{ cycle: null; eventSeq: number }> {
  const { seq } = await deps.events.append(writer, cause, {
    type: 'cycle.not-started',
    project,
    subject: `project:${project}`,
    payload: { trigger: { kind, reason, at }, reason: decision.reason, checks: [...decision.checks] },
  });
  return { cycle: null, eventSeq: seq };
}
