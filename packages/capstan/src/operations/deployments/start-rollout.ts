import type { InputAdapter, RolloutStage, ServingChange } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, invalid, notFound } from '#kernel/errors';
import { keepBaseline } from './baseline.ts';
import { servedBy } from './model-inputs.ts';
import type { RolloutProgress } from './decide.ts';
import { startEvidence } from './evidence.ts';
import { checkRevision, inProject, NO_PROJECT, revisionDigest, type RevisionContent } from './model.ts';
import { defaultPolicy } from './policy.ts';
import { storedProgress } from './progress.ts';
import { publish } from './publish.ts';
import type { DeploymentsDeps } from './deps.ts';
import { checkServing, nextServing } from './serving-settings.ts';
import { wakeAtTimeout } from './settle.ts';
import { requireSentInputs } from './sent-inputs.ts';
import { declaredSpec, type DeploymentSpec, type ServedModel } from './spec.ts';
import * as store from './store.ts';
import { valueOptimalThreshold } from './threshold.ts';

export interface StartRollout {
  readonly deployment: string;
  readonly version: number;
  /** Needed where no project declares the deployment. */
  readonly model?: string | undefined;
  /** Left out: the value-optimal one of the charter, or 0.5 where it has no value matrix. */
  readonly threshold?: number | undefined;
  readonly inputAdapters?: Readonly<Record<string, InputAdapter>> | undefined;
  /** How its model runs otherwise than the champion's; only where no project declares that. */
  readonly serving?: ServingChange | undefined;
  /** Verdict that allows it; may be left out only without guards. */
  readonly verdictId?: string | undefined;
  /** False skips every check and stage; recorded as such. */
  readonly guards?: boolean | undefined;
  /** Gives it this share until somebody decides, instead of all. */
  readonly split?: { readonly share: number; readonly sticky?: string | undefined } | undefined;
  /** Callers will send what this version takes, also where the champion takes other inputs. */
  readonly newInputs?: boolean | undefined;
  /** Constant probability of the baseline; left out: the one that is known, or the share among the labels known now. */
  readonly baselineProbability?: number | undefined;
}

const DEFAULT_THRESHOLD = 0.5;
const SPLIT = 'split by hand, until somebody decides';
/** Somebody decides before: ten years. */
const LONGEST_SPLIT_MS = 3_650 * 86_400_000;

/**
 * Makes the revision and starts its rollout. The same revision asked for again while its rollout is under way, or in
 * the same turn of the cycle, gives that rollout. Returns the rollout's id.
 * @throws DomainError NOT_FOUND, INVALID_ARGUMENT, CONFLICT (another rollout is under way; no passing verdict)
 */
export async function startRollout(deps: DeploymentsDeps, input: StartRollout, cause: Cause): Promise<string> {
  const declared = await declaredSpec(deps.specs, input.deployment);
  const spec = declared ?? undeclared(input, deps.clock.now());
  requireDeclaredModel(spec, input);
  // Who declares nothing has declared no checks either.
  const hasGuards = declared !== undefined && (input.guards ?? true);
  if (hasGuards && input.split) {
    throw invalid('A rollout with guards has the shares that its project declares', {
      field: 'split',
      hint: 'Split without guards, which is recorded, or leave the share out.',
    });
  }
  const served = await deps.models.served(spec.model, input.version);
  const serving = nextServing(declared, await championOf(deps, input.deployment), input.serving);
  const content: RevisionContent = {
    model: spec.model,
    version: input.version,
    ...(served.flavor !== 'onnx' && { flavor: served.flavor }),
    modelDigest: served.digest,
    threshold: input.threshold ?? (spec.value ? valueOptimalThreshold(spec.value) : DEFAULT_THRESHOLD),
    inputAdapters: input.inputAdapters ?? {},
    ...(Object.keys(serving).length > 0 && { serving }),
  };
  checkRevision(content);
  checkServing(serving, served.flavor);
  if (input.verdictId !== undefined) {
    await deps.models.requirePassingVerdict(spec.model, input.version, input.verdictId);
  } else if (hasGuards) {
    throw invalid('A rollout with guards needs the verdict that allows it', {
      field: 'verdictId',
      hint: 'Evaluate the version first, or start it without guards, which is recorded.',
    });
  }
  if (!hasGuards && input.newInputs !== true)
    await requireInputsOfChampion(deps, { ...input, model: spec.model }, served);
  const baseline = await newBaseline(deps, spec, input);
  const latestSeq = await deps.latestEvidence(input.deployment);

  return await deps.database.write(async (writer) => {
    const deployment = await ensureDeployment(deps, writer, spec, input, cause);
    const existing = await findSame(writer, deployment, content, cause);
    if (existing !== undefined) return existing;
    if (baseline) await keepBaseline(deps, writer, deployment, baseline, cause);
    const revision = await makeRevision(deps, writer, deployment, { content, served }, cause);
    return await makeRollout(deps, writer, { deployment, spec, revision, content, hasGuards, latestSeq, input, cause });
  });
}

/** A deployment that no project declares: one model, answered by one revision, with nothing to guard it. */
function undeclared({ deployment, model }: StartRollout, now: number): DeploymentSpec {
  if (model === undefined) {
    throw notFound(
      'deployment',
      deployment,
      'Declare it under `deployment` in a capstan.yaml and apply that, or name its model.',
    );
  }
  return {
    deployment,
    project: NO_PROJECT,
    model,
    context: { id: null, eventTime: null },
    redact: [],
    logSample: 1,
    serving: {},
    plan: [{ kind: 'full' }],
    analysis: ['errors', 'latency'],
    value: null,
    lossBudget: null,
    recalibration: null,
    declaredAt: now,
  };
}

function requireDeclaredModel(spec: DeploymentSpec, { model, deployment }: StartRollout): void {
  if (model === undefined || model === spec.model) return;
  throw conflict(`The project '${spec.project}' declares that ${deployment} serves ${spec.model}, not ${model}`, {
    field: 'model',
    hint: `Deploy ${model} under another name, or change the declaration.`,
  });
}

/** Without one a loss budget counts nothing and a breaker has nothing to answer with. */
async function newBaseline(deps: DeploymentsDeps, spec: DeploymentSpec, input: StartRollout) {
  if (input.baselineProbability !== undefined) return null;
  const row = await store.getDeployment(deps.database.read, input.deployment);
  const isKnown = spec.project === NO_PROJECT || (row !== undefined && row.baseline_probability !== null);
  return isKnown ? null : await deps.knownBaseline(spec.project);
}

async function championOf(
  { database }: Pick<DeploymentsDeps, 'database'>,
  deployment: string,
): Promise<store.RevisionRow | undefined> {
  const row = await store.getDeployment(database.read, deployment);
  return row === undefined || row.champion === null
    ? undefined
    : await store.getRevision(database.read, row.name, row.champion);
}

async function requireInputsOfChampion(
  { database, models }: DeploymentsDeps,
  { deployment, ...version }: { readonly deployment: string; readonly model: string; readonly version: number },
  served: ServedModel,
): Promise<void> {
  const champion = await championOf({ database }, deployment);
  if (!champion || champion.model_digest === served.digest) return;
  const taken = await models.inputs(served);
  const sent = await models.inputs(await servedBy(database.read, champion));
  if (taken && sent) requireSentInputs(version, taken, sent);
}

async function ensureDeployment(
  deps: DeploymentsDeps,
  writer: Writer,
  spec: DeploymentSpec,
  input: StartRollout,
  cause: Cause,
): Promise<store.DeploymentRow> {
  const declared = {
    project: spec.project,
    model: spec.model,
    context_id: spec.context.id,
    context_event_time: spec.context.eventTime,
    redacted: JSON.stringify(spec.redact),
    log_sample: spec.logSample,
    breaker_mode: spec.lossBudget?.onExhausted ?? ('fallback' as const),
    ...(input.baselineProbability !== undefined && { baseline_probability: input.baselineProbability }),
  };
  const before = await store.getDeployment(writer, input.deployment);
  if (before) {
    requireSameModel(before, spec);
    // One that nobody declared is taken over by the project that does.
    if (before.project !== spec.project && before.project !== NO_PROJECT) {
      throw conflict(`The deployment '${before.name}' belongs to the project '${before.project}'`, {
        field: 'deployment',
      });
    }
    await store.updateDeployment(writer, before.name, declared);
    return { ...before, ...declared };
  }
  const row: store.DeploymentRow = {
    name: input.deployment,
    champion: null,
    last_revision: 0,
    breaker_state: 'closed',
    breaker_reason: null,
    breaker_changed_at: null,
    baseline_probability: null,
    created_at: deps.clock.now(),
    ...declared,
  };
  await store.insertDeployment(writer, row);
  await deps.events.append(writer, cause, {
    ...inProject(spec.project),
    subject: `deployment:${row.name}`,
    type: 'deployment.created',
    payload: { deployment: row.name, model: spec.model },
  });
  return row;
}

/** Another model answers another question: whoever declares it has said so, and nobody else has. */
function requireSameModel(before: store.DeploymentRow, spec: DeploymentSpec): void {
  if (spec.project !== NO_PROJECT || before.model === spec.model) return;
  throw conflict(`${before.name} serves ${before.model}, not ${spec.model}`, {
    field: 'model',
    hint: `Deploy ${spec.model} under another name.`,
  });
}

async function findSame(
  writer: Writer,
  deployment: store.DeploymentRow,
  content: RevisionContent,
  cause: Cause,
): Promise<string | undefined> {
  const digest = revisionDigest(content);
  const ofDigest = async (number: number): Promise<boolean> =>
    (await store.getRevision(writer, deployment.name, number))?.digest === digest;
  const open = await store.openRollout(writer, deployment.name);
  if (open) {
    if (await ofDigest(open.revision)) return open.id;
    throw conflict(`The rollout ${open.id} of ${deployment.name} is under way`, {
      hint: `Wait for it, or end it: capstan deployments rollback ${deployment.name} --reason WHY.`,
      details: { rollout: open.id, state: open.state },
    });
  }
  if (cause.cycle !== undefined) {
    for (const row of await store.listRollouts(writer, deployment.name)) {
      if (row.cycle === cause.cycle && (await ofDigest(row.revision))) return row.id;
    }
  }
  if (deployment.champion !== null && (await ofDigest(deployment.champion))) {
    throw conflict(`${deployment.name} serves exactly this already, as revision ${deployment.champion}`, {
      hint: 'Another version, threshold, input adapter or serving setting would be another revision.',
    });
  }
  return undefined;
}

async function makeRevision(
  deps: DeploymentsDeps,
  writer: Writer,
  deployment: store.DeploymentRow,
  { content, served }: { readonly content: RevisionContent; readonly served: ServedModel },
  cause: Cause,
): Promise<number> {
  const number = deployment.last_revision + 1;
  const digest = revisionDigest(content);
  await store.updateDeployment(writer, deployment.name, { last_revision: number });
  await store.insertPackage(writer, served.packageDigest, served.files);
  await store.insertRevision(writer, {
    deployment: deployment.name,
    number,
    digest,
    model: content.model,
    version: content.version,
    model_digest: content.modelDigest,
    flavor: served.flavor,
    package_digest: served.packageDigest,
    threshold: content.threshold,
    input_adapters: JSON.stringify(content.inputAdapters),
    serving: JSON.stringify(content.serving ?? {}),
    created_at: deps.clock.now(),
    created_by: cause.actor,
  });
  await deps.events.append(writer, cause, {
    ...inProject(deployment.project),
    subject: `revision:${deployment.name}/${number}`,
    type: 'revision.created',
    payload: {
      deployment: deployment.name,
      revision: number,
      digest,
      model: content.model,
      version: content.version,
      modelDigest: content.modelDigest,
      threshold: content.threshold,
      adaptedColumns: Object.keys(content.inputAdapters),
    },
  });
  return number;
}

function planOf({ hasGuards, spec, input }: NewRollout, isFirst: boolean): readonly RolloutStage[] {
  if (input.split) {
    const { share, sticky } = input.split;
    return [{ kind: 'canary', share, ...(sticky !== undefined && { sticky }) }];
  }
  return isFirst || !hasGuards ? [{ kind: 'full' }] : spec.plan;
}

interface NewRollout {
  readonly deployment: store.DeploymentRow;
  readonly spec: DeploymentSpec;
  readonly revision: number;
  readonly content: RevisionContent;
  readonly hasGuards: boolean;
  readonly latestSeq: number;
  readonly input: StartRollout;
  readonly cause: Cause;
}

async function makeRollout(deps: DeploymentsDeps, writer: Writer, start: NewRollout): Promise<string> {
  const { deployment, spec, revision, cause } = start;
  const id = deps.ids.next('ro');
  const now = deps.clock.now();
  const isFirst = deployment.champion === null;
  const { split } = start.input;
  if (isFirst && split) {
    throw conflict(`${deployment.name} has no champion yet to share its traffic with`, {
      field: 'split',
      hint: 'Deploy a first version without a share.',
    });
  }
  const plan = planOf(start, isFirst);
  const policy = { ...defaultPolicy(spec.analysis), ...(split && { maxHoldMs: LONGEST_SPLIT_MS }) };
  const progress: RolloutProgress = {
    state: split ? 'held' : (plan[0]?.kind ?? 'full'),
    stage: 0,
    stageStartedAt: now,
    heldAt: split ? now : null,
    isLive: false,
    isFirst,
    hasGuards: start.hasGuards,
    plan,
    policy,
    evidence: startEvidence(policy, start.latestSeq),
  };
  await store.insertRollout(writer, {
    id,
    deployment: deployment.name,
    project: spec.project,
    revision,
    from_revision: deployment.champion,
    state: progress.state,
    stage: 0,
    verdict_id: start.input.verdictId ?? null,
    cycle: cause.cycle ?? null,
    progress: storedProgress(progress, 0),
    reason: split ? SPLIT : null,
    started_at: now,
    ended_at: null,
  });
  await deps.events.append(writer, cause, {
    ...inProject(spec.project),
    subject: `rollout:${id}`,
    type: 'rollout.started',
    payload: {
      deployment: deployment.name,
      rollout: id,
      revision,
      from: deployment.champion,
      plan: [...plan],
      guards: start.hasGuards,
      ...(start.input.verdictId !== undefined && { verdictId: start.input.verdictId }),
    },
  });
  if (split) {
    await deps.events.append(writer, cause, {
      ...inProject(spec.project),
      subject: `rollout:${id}`,
      type: 'rollout.held',
      payload: { deployment: deployment.name, rollout: id, revision, reason: SPLIT },
    });
  }
  const version = await publish(writer);
  await store.updateRollout(writer, id, { progress: storedProgress(progress, version) });
  await wakeAtTimeout(deps, writer, { id, deployment: deployment.name }, progress);
  return id;
}
