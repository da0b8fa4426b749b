import { randomUUID } from 'node:crypto';
import type { ServingRole } from '@capstan/api';
import type { Principal } from '#http';
import { DomainError, notFound } from '#kernel/errors';
import type { Tensor } from '#ports/model-runtime';
import { encodeRecord, type LoggedPart, type LoggedRequest } from '#ports/prediction-log';
import { shiftOutputs } from '#ports/shift-outputs';
import type { BatchFacts, Wait } from './batching/batcher.ts';
import { Refused } from './batching/refused.ts';
import { fallbackAnswer } from './fallback-answer.ts';
import { probabilitiesIn } from './model-facts.ts';
import { errorText, loggedColumns, partOf, samplingOf } from './record.ts';
import { PredictionIds } from './prediction-ids.ts';
import { checkRequest, type CheckedRequest } from './request.ts';
import { assignRows, type Assignment } from './routing.ts';
import type { SegmentLog } from './segments.ts';
import type { ServedRevision, ServedState } from './served-state.ts';
import type { ShadowQueue } from './shadow-queue.ts';
import { failedBy, NO_REVISION, type ServingStatistics } from './statistics.ts';
import { adaptInputs, gatherRows, mergeRows } from './tensors.ts';
import { NOT_TRACED, type RequestTrace, type TracedCaller } from './tracing/tracer.ts';

/** A call as its protocol has it. */
export interface CallingParty extends TracedCaller {
  /** Of the call, by names in lower case. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly signal: AbortSignal;
  readonly principal: Principal | null;
}

export interface InferenceRequest {
  readonly inputs: readonly Tensor[];
  /** Names the revision that is to answer; such answers take no part in comparisons. */
  readonly revision?: number;
  /** Time of `performance.now()` at which nobody waits for the answer any more. */
  readonly deadline?: number | undefined;
  /** Aborted when the caller is gone. */
  readonly signal?: AbortSignal;
  /** Has such a signal, and says whose the call is. */
  readonly caller?: CallingParty | undefined;
}

export interface AnsweredPart {
  readonly role: ServingRole;
  readonly revision: number;
  readonly modelVersion: number;
  /** Null: all rows. */
  readonly rows: readonly number[] | null;
}

export interface InferenceAnswer {
  readonly rows: number;
  readonly outputs: readonly Tensor[];
  /** One for each row; outcomes are sent with them. */
  readonly predictionIds: PredictionIds;
  readonly parts: readonly AnsweredPart[];
}

export interface InferDeps {
  readonly log: SegmentLog;
  readonly shadows: ShadowQueue;
  readonly statistics: ServingStatistics;
  /** Business time. */
  now(): number;
  /** The state now, for shadows that run later. */
  stateOf(deployment: string): ServedState | undefined;
}

/** A request as it is worked on. */
interface Work extends CheckedRequest {
  readonly state: ServedState;
  readonly requestId: string;
  /** Who its rows are. */
  readonly examples: PredictionIds;
  readonly at: number;
  readonly statistics: ServingStatistics;
  readonly wait: Wait;
  readonly trace: RequestTrace;
  /** Who asked, as records tell it. */
  readonly by: ReturnType<typeof consumerOf>;
}

/** A part as it is logged, but for its outputs, which are below. */
type AnsweredLike = Omit<LoggedPart, 'outputs'>;

interface Outcome {
  readonly part: AnsweredLike;
  readonly rows: readonly number[] | null;
  /** Null when the model failed. */
  readonly outputs: readonly Tensor[] | null;
  /** What it failed with. */
  readonly failure?: unknown;
}

/**
 * Answers one request: each row by its route, then the log, then the answer. A canary that fails is stood in for by the
 * champion, so that callers do not pay for it; the failure is logged as the canary's.
 * @throws DomainError INVALID_ARGUMENT naming the input, NOT_FOUND, UNAVAILABLE, STORAGE_FULL, RESOURCE_EXHAUSTED,
 * DEADLINE_EXCEEDED; INTERNAL when the model fails
 */
export async function infer(
  deps: InferDeps,
  state: ServedState,
  request: InferenceRequest,
  trace: RequestTrace = NOT_TRACED,
): Promise<InferenceAnswer> {
  const work = begin(deps, state, request, trace);
  const assignments =
    request.revision === undefined
      ? assignRows(
          state.deployment,
          work.rows,
          splitBy(state, request.caller, (row) => work.examples.of(row)),
        )
      : [direct(state, request.revision)];
  const assigned = await Promise.all(assignments.map((assignment) => answerPart(work, assignment)));
  const failed = assigned.find((outcome) => outcome.outputs === null && outcome.part.role === 'canary');
  const outcomes = failed ? [...assigned, ...(await standIn(work, failed))] : assigned;
  const loggedFrom = performance.now();
  await deps.log.append(encodeRecord(recordOf(work, outcomes, work.inputs)), work.rows);
  trace.logged(loggedFrom);
  offerShadow(deps, work, outcomes);
  return answerOf(work, outcomes);
}

/** What a row's route goes by: who the header says it is for, where the split is sticky and the call has it. */
export function splitBy(
  { deployment: { sticky } }: ServedState,
  caller: CallingParty | undefined,
  exampleOf: (row: number) => string,
): (row: number) => string {
  const key = sticky === undefined ? undefined : caller?.headers?.[sticky];
  return typeof key === 'string' ? () => key : exampleOf;
}

function begin(deps: InferDeps, state: ServedState, request: InferenceRequest, trace: RequestTrace): Work {
  const asked = request.revision === undefined ? primary(state) : revisionOf(state, request.revision);
  const checked = checkRequest(request.inputs, asked.model.inputs, state.deployment.context, asked.isOneRow);
  const { statistics } = deps;
  const requestId = randomUUID();
  return {
    ...checked,
    state,
    requestId,
    examples: new PredictionIds(requestId, checked.rows, checked.ids),
    at: deps.now(),
    wait: request,
    statistics,
    by: consumerOf(request.caller),
    trace,
  };
}

function recordOf(work: Work, outcomes: readonly Outcome[], inputs: readonly Tensor[] | null): LoggedRequest {
  const { deployment } = work.state;
  const { name, rollout, redact } = deployment;
  const sampling = samplingOf(deployment, work.requestId);
  const isKept = sampling.sampling?.isKept ?? true;
  return {
    request: work.requestId,
    deployment: name,
    rollout: rollout?.id ?? null,
    stage: rollout?.stage ?? null,
    at: work.at,
    ...work.by,
    rows: work.rows,
    examples: work.ids,
    eventTimes: work.eventTimes,
    ...sampling,
    inputs: inputs && isKept ? loggedColumns(inputs, work.rows, redact) : null,
    parts: outcomes.map(({ part, outputs, rows }) => {
      const count = rows?.length ?? work.rows;
      return { ...part, outputs: outputs && isKept ? loggedColumns(outputs, count, redact) : null };
    }),
  };
}

/** Left out for callers without a token. */
export function consumerOf(caller: CallingParty | undefined): { readonly consumer?: string } {
  const consumer = caller?.principal?.consumer;
  return consumer == null ? ANONYMOUS : { consumer };
}

const ANONYMOUS = {};

/** The same, as spans tell it. */
export function tracedConsumer(caller: CallingParty | undefined): Record<string, string> {
  const { consumer } = consumerOf(caller);
  return consumer === undefined ? {} : { 'capstan.consumer': consumer };
}

/** The revision whose inputs and outputs a deployment shows: its champion, else the first that answers. */
export function primary(state: ServedState): ServedRevision {
  const { routes, name } = state.deployment;
  const route =
    routes.find((candidate) => candidate.role === 'champion') ?? routes.find(({ role }) => role === 'canary');
  const found = route && state.revisions.get(route.revision);
  if (!found) throw new DomainError('UNAVAILABLE', `${name} has no revision that answers yet`);
  return found;
}

export function revisionOf(state: ServedState, revision: number): ServedRevision {
  const found = state.revisions.get(revision);
  if (!found)
    throw notFound(
      'version',
      `${state.deployment.name}/${revision}`,
      `It has: ${[...state.revisions.keys()].join(', ')}`,
    );
  return found;
}

function direct(state: ServedState, revision: number): Assignment {
  return { role: 'direct', share: 0, route: revisionOf(state, revision).route, rows: null };
}

async function answerPart(work: Work, assignment: Assignment): Promise<Outcome> {
  if (assignment.route === null) return constantPart(work, assignment);
  const { route, model, place } = revisionOf(work.state, assignment.route.revision);
  const started = performance.now();
  const count = assignment.rows?.length ?? work.rows;
  const result = { probabilities: null as Float64Array | null, error: null as string | null };
  const batches: BatchFacts[] = [];
  const onBatch = (batch: BatchFacts): void => void batches.push(batch);
  let outputs: readonly Tensor[] | null = null;
  let failure: unknown;
  try {
    const mine =
      assignment.rows === null ? work.inputs : work.inputs.map((tensor) => gatherRows(tensor, assignment.rows ?? []));
    const { deadline, signal, caller } = work.wait;
    const said = await model.predict(adaptInputs(mine, route.inputAdapters), { deadline, signal, caller, onBatch });
    outputs = place ? shiftOutputs(said, place, route.shift) : said;
    if (place) result.probabilities = probabilitiesIn(outputs, place, count);
  } catch (error) {
    // Nothing was tried, so nothing is logged and nobody stands in: that would only add to what is too much.
    if (error instanceof Refused) throw error;
    outputs = null;
    failure = error;
    result.error = errorText(error);
  }
  const durationMs = performance.now() - started;
  work.trace.ran({ revision: route.revision, role: assignment.role }, started, batches);
  const latencyUs = Math.round(durationMs * 1_000);
  work.statistics
    .of(work.state.deployment.name, route.revision, assignment.role)
    .add(count, durationMs, outputs === null ? failedBy(failure) : 'ok');
  return {
    part: partOf(assignment, route, { ...result, latencyUs, batches }),
    rows: assignment.rows,
    outputs,
    failure,
  };
}

function constantPart(work: Work, assignment: Assignment): Outcome {
  const probability = work.state.deployment.breaker.fallbackProbability;
  const { model, route, place } = primary(work.state);
  if (probability === null || place === null)
    throw new DomainError('UNAVAILABLE', `${work.state.deployment.name} has no fallback to answer with`);
  const rows = assignment.rows?.length ?? work.rows;
  const outputs = fallbackAnswer(model.outputs, place, { rows, probability, threshold: route.threshold });
  work.statistics.of(work.state.deployment.name, NO_REVISION, assignment.role).add(rows, 0, 'ok');
  const probabilities = new Float64Array(rows).fill(probability);
  const constant = { revision: NO_REVISION, modelVersion: 0, threshold: route.threshold, shift: 0 };
  return {
    part: partOf(assignment, constant, { probabilities, error: null, latencyUs: 0 }),
    rows: assignment.rows,
    outputs,
  };
}

/** The champion's side for rows whose canary failed: not drawn by lot, hence share 0. */
async function standIn(work: Work, failed: Outcome): Promise<Outcome[]> {
  const { deployment } = work.state;
  const champion = deployment.routes.find((route) => route.role === 'champion');
  if (!champion || deployment.breaker.state === 'open') return [];
  return [await answerPart(work, { role: 'fallback', share: 0, route: champion, rows: failed.rows })];
}

function answerOf(work: Work, outcomes: readonly Outcome[]): InferenceAnswer {
  const answered = outcomes.filter((outcome) => outcome.outputs !== null);
  const { name, context } = work.state.deployment;
  const seen = answered.reduce((sum, outcome) => sum + (outcome.rows?.length ?? work.rows), 0);
  if (seen < work.rows) {
    // What the model says is wrong with these inputs is the caller's to hear, and no failure of the server.
    for (const { failure } of outcomes) if (failure instanceof DomainError) throw failure;
    const reason = outcomes.find((outcome) => outcome.part.error !== null)?.part.error ?? 'no reason given';
    throw new DomainError('INTERNAL', `The model of ${name} failed: ${reason}`);
  }
  const only = answered.length === 1 ? answered[0] : undefined;
  const outputs =
    only?.outputs ??
    mergeRows(
      answered.map((outcome) => ({ outputs: outcome.outputs ?? [], rows: outcome.rows ?? [] })),
      work.rows,
    );
  const { ids, examples } = work;
  return {
    rows: work.rows,
    outputs,
    predictionIds: ids !== null && context.id !== null ? examples.within(name) : examples,
    parts: answered.map(({ part, rows }) => ({
      role: part.role,
      revision: part.revision,
      modelVersion: part.modelVersion,
      rows,
    })),
  };
}

/** The candidate answers the champion's rows too, later and for the log only. */
function offerShadow(deps: InferDeps, work: Work, outcomes: readonly Outcome[]): void {
  const { deployment } = work.state;
  const shadow = deployment.routes.find((route) => route.role === 'shadow');
  const ofChampion = outcomes.find(
    ({ part }) => part.role === 'champion' || (part.role === 'fallback' && part.share > 0),
  );
  if (!shadow || !ofChampion) return;
  const { rows } = ofChampion;
  deps.shadows.offer(rows?.length ?? work.rows, async () => {
    // A rollout that has ended in the meantime wants no more of it, and its model may be gone.
    const now = deps.stateOf(deployment.name);
    if (now?.deployment.rollout?.id !== deployment.rollout?.id || !now?.revisions.has(shadow.revision)) return;
    const assignment: Assignment = { role: 'shadow', share: 1, route: shadow, rows };
    const answered = await answerPart({ ...work, state: now, wait: {} }, assignment).catch(() => undefined);
    if (!answered) return;
    // Of the rollout that it was offered in, and of the same rows.
    const record = recordOf(work, [answered], null);
    // A shadow that cannot be logged is as good as dropped; the disk is full and answers fail by themselves.
    await deps.log.append(encodeRecord(record), rows?.length ?? work.rows).catch(() => {});
  });
}
