import { randomUUID } from 'node:crypto';
import { DomainError } from '#kernel/errors';
import type { ScoredColumn, ScoringAnswer, ScoringRequest } from '#ports/model-runtime';
import { encodeRecord, type LoggedColumn, type LoggedPart } from '#ports/prediction-log';
import type { BatchFacts } from './batching/batcher.ts';
import { Refused } from './batching/refused.ts';
import { consumerOf, revisionOf, splitBy, type AnsweredPart, type CallingParty, type InferDeps } from './infer.ts';
import { PredictionIds } from './prediction-ids.ts';
import { errorText, partOf, samplingOf } from './record.ts';
import { assignRows, type Assignment } from './routing.ts';
import type { ServedState } from './served-state.ts';
import { failedBy } from './statistics.ts';
import { NOT_TRACED, type RequestTrace } from './tracing/tracer.ts';

export interface ScoreRequest extends ScoringRequest {
  /** Time of `performance.now()` at which nobody waits any more. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal;
  /** Says whose the call is. */
  readonly caller?: CallingParty | undefined;
}

export interface ScoreAnswer extends ScoringAnswer {
  /** One for each row; none where the request was refused. */
  readonly predictionIds: PredictionIds;
  /** Null where the request was refused. */
  readonly part: AnsweredPart | null;
}

/**
 * Answers a request of MLflow's scoring protocol by a model that reads it itself. What its rows are is only known once it
 * is answered, so the request goes one way as a whole. One that the model refuses is no prediction and is not logged.
 * @throws DomainError UNAVAILABLE, DEADLINE_EXCEEDED, STORAGE_FULL; INTERNAL when the model fails
 */
export async function score(
  deps: InferDeps,
  state: ServedState,
  request: ScoreRequest,
  trace: RequestTrace = NOT_TRACED,
): Promise<ScoreAnswer> {
  const requestId = randomUUID();
  const [assignment] = assignRows(
    state.deployment,
    1,
    splitBy(state, request.caller, () => requestId),
  );
  if (!assignment) throw new Error('one example got no route');
  const at = deps.now();
  let tried = await tryRoute(deps, state, assignment, request, trace);
  const parts = [tried];
  if (tried.error !== null && assignment.role === 'canary') {
    const champion = state.deployment.routes.find((route) => route.role === 'champion');
    if (champion) {
      tried = await tryRoute(deps, state, { role: 'fallback', share: 0, route: champion, rows: null }, request, trace);
      parts.push(tried);
    }
  }
  const { answer } = tried;
  const rows = Math.max(answer?.rows ?? 0, 1);
  if (answer !== null && answer.status >= 400)
    return { ...answer, predictionIds: new PredictionIds(requestId, 0), part: null };
  const { name, rollout } = state.deployment;
  const sampling = samplingOf(state.deployment, requestId);
  const isKept = sampling.sampling?.isKept ?? true;
  const record = encodeRecord({
    request: requestId,
    deployment: name,
    rollout: rollout?.id ?? null,
    stage: rollout?.stage ?? null,
    at,
    ...consumerOf(request.caller),
    rows,
    examples: null,
    eventTimes: null,
    ...sampling,
    inputs: isKept ? columnsOf(answer?.inputs ?? [], state.deployment.redact) : null,
    parts: parts.map(({ part }) => (isKept ? part : { ...part, outputs: null })),
  });
  const loggedFrom = performance.now();
  await deps.log.append(record, rows);
  trace.logged(loggedFrom);
  if (answer === null) throw tried.failure;
  const { role, revision, modelVersion } = tried.part;
  return {
    ...answer,
    predictionIds: new PredictionIds(requestId, rows),
    part: { role, revision, modelVersion, rows: null },
  };
}

interface Tried {
  readonly part: LoggedPart;
  readonly answer: ScoringAnswer | null;
  readonly error: string | null;
  readonly failure: unknown;
}

async function tryRoute(
  { statistics }: InferDeps,
  state: ServedState,
  assignment: Assignment,
  request: ScoreRequest,
  trace: RequestTrace,
): Promise<Tried> {
  const { name } = state.deployment;
  if (assignment.route === null) throw new DomainError('UNAVAILABLE', `${name} has no fallback in this protocol`);
  const { model, route } = revisionOf(state, assignment.route.revision);
  const started = performance.now();
  const batches: BatchFacts[] = [];
  const onBatch = (batch: BatchFacts): void => void batches.push(batch);
  let answer: ScoringAnswer | null = null;
  let failure: unknown;
  try {
    const { contentType, body, ...wait } = request;
    answer = (await model.score?.({ contentType, body }, { ...wait, onBatch })) ?? null;
    if (answer === null) throw new DomainError('UNAVAILABLE', `The model of ${name} reads no requests by itself`);
  } catch (error) {
    // Nothing was tried, so nothing is logged and nobody stands in.
    if (error instanceof Refused) throw error;
    failure =
      error instanceof DomainError
        ? error
        : new DomainError('INTERNAL', `The model of ${name} failed: ${errorText(error)}`);
  }
  const durationMs = performance.now() - started;
  trace.ran({ revision: route.revision, role: assignment.role }, started, batches);
  const latencyUs = Math.round(durationMs * 1_000);
  const outcome = answer === null ? failedBy(failure) : answer.status < 400 ? 'ok' : 'invalid';
  // Of what was not answered nobody knows how many rows it had.
  const rows = Math.max(answer?.rows ?? 1, 1);
  statistics.of(name, route.revision, assignment.role).add(rows, durationMs, outcome);
  const error = failure === undefined ? null : errorText(failure);
  const result = { probabilities: null, error, latencyUs, batches };
  const part = {
    ...partOf(assignment, route, result),
    outputs: columnsOf(answer?.outputs ?? [], state.deployment.redact),
  };
  return { part, answer, error, failure };
}

function columnsOf(columns: readonly ScoredColumn[], redacted: readonly string[]): LoggedColumn[] {
  return columns.map(({ name, width, data }) => {
    return { name, width, datatype: datatypeOf(data), data: redacted.includes(name) ? null : data };
  });
}

/** What a model's own reading of a request makes of its values: JSON has no more types. */
function datatypeOf(data: ScoredColumn['data']): string {
  const known = data.find((value) => value !== null);
  return typeof known === 'number' ? 'FP64' : typeof known === 'boolean' ? 'BOOL' : 'BYTES';
}
