import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Snapshot } from '@capstan/api';
import { DomainError, messageOf, notFound } from '#kernel/errors';
import type { MetricFamily } from '#kernel/exposition';
import type { Principal } from '#http';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import { arrival, entersTurn } from './batching/event-loop.ts';
import { BATCHING_DEFAULTS } from './batching/model.ts';
import { tooMuch } from './batching/refused.ts';
import type { ControlPlane } from './control-plane.ts';
import { createAccess } from './callers/access.ts';
import { createCallerMetrics } from './callers/caller-metrics.ts';
import { openCallLog } from './callers/call-log.ts';
import { Caller, type CallerFacts } from './callers/caller.ts';
import { createDescriptions, type Description } from './descriptions.ts';
import {
  infer,
  primary,
  tracedConsumer,
  type CallingParty,
  type InferenceAnswer,
  type InferenceRequest,
} from './infer.ts';
import { planeMetrics } from './plane-metrics.ts';
import { modelStates, type PlaneStatus } from './plane-status.ts';
import { createModelFiles } from './model-files.ts';
import { createModelSignatures } from './model-signatures.ts';
import { createModelShelf, type Runtimes, type ShelfDeps } from './model-shelf.ts';
import { score, type ScoreAnswer, type ScoreRequest } from './score.ts';
import { replicaName } from './replica-name.ts';
import { createReports } from './reports.ts';
import { openSegmentLog, type LogSync } from './segments.ts';
import { createSnapshotFollower } from './follow-snapshot.ts';
import { canAnswer, rowsAsked, type ServedState } from './served-state.ts';
import { createShadowQueue } from './shadow-queue.ts';
import { createShipper } from './shipper.ts';
import { createServingStatistics, type RequestCounts, type RevisionStatistics } from './statistics.ts';
import { NO_TRACER, spanFamilies, type RequestTrace, type Tracer } from './tracing/tracer.ts';
import { createWithholding } from './withholding.ts';

export interface ServingDeps {
  /** Folder of this data plane's own: snapshot, models, segments. */
  readonly folder: string;
  readonly controlPlane: ControlPlane;
  readonly runtimes: Runtimes;
  /** For models in processes of their own. */
  readonly loading?: ShelfDeps['loading'];
  /** Processes that share what comes in, this one among them; the control plane may know of more. */
  readonly processes?: number;
  /** The same for processes that share a port; one that shares none needs none. */
  readonly portGroup?: string;
  /** Told, again and again, whether the shared port is to be left to the others. */
  readonly onPort?: (isLeft: boolean) => void;
  /** See ResultCache; 0 and undefined: none. */
  readonly resultCacheBytes?: number;
  /** See SegmentLog; 'none' unless told. */
  readonly logSync?: LogSync;
  /** What all models may take together; null and undefined: as much as they want. */
  readonly memoryBudgetBytes?: number | null;
  /** Records requests where told to. */
  readonly tracer?: Tracer;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

export interface ServingPlane {
  /** Answers a request. See `infer`; RESOURCE_EXHAUSTED when too much is in hand. */
  infer(deployment: string, request: InferenceRequest): Promise<InferenceAnswer>;
  /** Answers a request of MLflow's scoring protocol by a model that reads it itself. See `score`. */
  score(deployment: string, request: ScoreRequest): Promise<ScoreAnswer>;
  /** Who calls, by the token that is shown. */
  identify(facts: CallerFacts): Caller;
  /** Counts a call that has ended, with the status that HTTP has for it and the parameters of its path. */
  countCall(principal: Principal | null, status: number, asked?: Readonly<Record<string, string>>): void;
  /**
   * Refuses a request of so many bytes that its caller may not make or that could not be answered now, before it is read.
   * @throws DomainError UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED
   */
  admit(deployment: string, bytes: number, deadline?: number, caller?: Pick<CallingParty, 'principal'>): void;
  /** Has the models of a deployment in memory before it resolves. @throws DomainError NOT_FOUND, UNAVAILABLE */
  load(deployment: string): Promise<void>;
  /** Gives the memory of its models back; the next request loads what it needs again. @throws DomainError NOT_FOUND */
  unload(deployment: string): Promise<void>;
  /** @throws DomainError NOT_FOUND, UNAVAILABLE */
  describe(deployment: string, revision?: number): Description;
  deployments(): readonly string[];
  serves(deployment: string): boolean;
  /** A snapshot is known and every deployment in it can answer. */
  isReady(): boolean;
  status(): PlaneStatus;
  /** For Prometheus. */
  metrics(): MetricFamily[];
  /** Of every revision that can answer here. */
  statistics(): RevisionStatistics[];
  /** Ships everything that is logged. Returns how many segments. @throws DomainError UNAVAILABLE */
  flush(): Promise<number>;
  /** Takes the newest snapshot before it resolves, and tells the control plane. @throws DomainError UNAVAILABLE */
  sync(): Promise<Snapshot>;
  /** Takes the stored snapshot, then follows the control plane's. `url` is where this replica answers. */
  start(url: string): Promise<void>;
  /** Resolves once all that is to be served is loaded, or after this long. */
  settled(maxMs: number): Promise<void>;
  /** Seals the log and tries to ship it, at most this long. */
  stop(graceMs: number): Promise<void>;
}

const SEGMENT_AGE_MS = 1_000;
const MAX_SHADOW_ROWS = 100_000;
const MAX_ROWS_IN_HAND = 200_000;
const SETTLE_POLL_MS = 50;
const ASKED_FOR_MS = 2_000;

export function createServingPlane(deps: ServingDeps): ServingPlane {
  const { folder, controlPlane, log, tracer = NO_TRACER } = deps;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const replica = replicaName(folder, deps.ids);
  const stopping = new AbortController();
  const files = createModelFiles(join(folder, 'models'), controlPlane, stopping.signal);
  const shelf = createModelShelf({
    files,
    runtimes: deps.runtimes,
    loading: deps.loading ?? {},
    resultCacheBytes: deps.resultCacheBytes ?? 0,
    memoryBudgetBytes: deps.memoryBudgetBytes ?? null,
    log,
  });
  const shadows = createShadowQueue(MAX_SHADOW_ROWS);
  const segments = openSegmentLog({
    folder: join(folder, 'segments'),
    ids: deps.ids,
    maxAgeMs: SEGMENT_AGE_MS,
    sync: deps.logSync ?? 'none',
    onSealed: () => shipper.wake(),
  });
  const shipper = createShipper({ log, segments, controlPlane, replica });
  const statistics = createServingStatistics();

  let url = '';
  const counters = { rowsAnswered: 0, requestsFailed: 0, rowsInHand: 0 };
  const follower = createSnapshotFollower({
    file: join(folder, 'snapshot.json'),
    controlPlane,
    replica,
    shelf,
    signatures: createModelSignatures(files, log),
    log,
    stopping: stopping.signal,
    reportNews: () => reports.sendNews(),
    onAccess: (given) => access.follow(given),
    isKnown: () => reports.isKnown(),
  });

  function now(): number {
    const current = follower.current();
    return current?.clock === 'simulated' ? current.now : deps.clock.now();
  }
  const access = createAccess(now);
  const callerMetrics = createCallerMetrics();
  access.shareAmong(deps.processes ?? 1);
  const withholding = createWithholding((isLeft) => deps.onPort?.(isLeft));
  const reports = createReports({
    controlPlane,
    replica,
    portGroup: deps.portGroup ?? replica,
    state: () => ({ url, current: follower.current(), states: follower.states(), progressOf: shelf.progressOf }),
    counters: () => ({
      ...countersNow(),
      rowsAnswered: counters.rowsAnswered,
      requestsFailed: counters.requestsFailed,
    }),
    onAnswer({ replicas, withheld }) {
      access.shareAmong(Math.max(replicas ?? 1, deps.processes ?? 1));
      withholding.hear(withheld);
    },
  });
  const descriptions = createDescriptions();
  const calls = openCallLog({ folder: join(folder, 'calls'), replica, ids: deps.ids, log, controlPlane, now });
  const inferDeps = { log: segments, shadows, statistics, now, stateOf: (name: string) => follower.states().get(name) };

  function stateOf(name: string): ServedState {
    const states = follower.states();
    const state = states.get(name);
    if (!state)
      throw notFound('model', name, `This replica serves: ${[...states.keys()].join(', ') || 'nothing yet'}.`);
    withholding.check(name);
    return state;
  }

  /** Does the work while there is room for its rows, and counts what comes of it. */
  async function counted<Answer extends { readonly rows: number }>(
    requests: RequestCounts,
    { name, rows, caller }: { readonly name: string; readonly rows: number; readonly caller: CallingParty | undefined },
    work: (trace: RequestTrace) => Promise<Answer>,
  ): Promise<Answer> {
    // More rows than will ever be taken are refused as such.
    if (rows <= MAX_ROWS_IN_HAND && counters.rowsInHand + rows > MAX_ROWS_IN_HAND) {
      requests.refused.RESOURCE_EXHAUSTED += 1;
      throw new DomainError('RESOURCE_EXHAUSTED', `${counters.rowsInHand} rows are in hand already`, {
        hint: 'Try again in a moment.',
      });
    }
    const started = performance.now();
    counters.rowsInHand += rows;
    const trace = tracer.begin(`predict ${name}`, caller);
    try {
      const answer = await work(trace);
      trace.end({ 'capstan.deployment': name, 'capstan.rows': answer.rows, ...tracedConsumer(caller) });
      counters.rowsAnswered += answer.rows;
      if (caller?.principal instanceof Caller) caller.principal.rows += answer.rows;
      requests.seconds.observe((performance.now() - started) / 1_000);
      return answer;
    } catch (error) {
      trace.end({ 'capstan.deployment': name, 'capstan.rows': rows, ...tracedConsumer(caller) }, error);
      counters.requestsFailed += 1;
      requests.addFailure(error);
      throw error;
    } finally {
      counters.rowsInHand -= rows;
    }
  }

  function countersNow() {
    return {
      shadowRowsDropped: shadows.droppedRows(),
      segmentsWaiting: segments.sealed().length,
      segmentsRejected: segments.rejectedCount(),
    };
  }

  const isReady = (name: string, state: ServedState): boolean => canAnswer(state) && !withholding.isWithheld(name);

  function status(): PlaneStatus {
    return {
      replica,
      snapshotVersion: follower.current()?.version ?? 0,
      isControlPlaneReachable: follower.isReachable(),
      deployments: [...follower.states()].map(([name, state]) => ({
        name,
        isReady: isReady(name, state),
        breaker: state.deployment.breaker.state,
        routes: state.deployment.routes.map(({ revision, role, share }) => ({ revision, role, share })),
        failures: [...state.failures],
        models: modelStates(state, shelf.progressOf),
      })),
      modelMemory: shelf.memory(),
      rowsAnswered: counters.rowsAnswered,
      requestsFailed: counters.requestsFailed,
      shadowRowsWaiting: shadows.waitingRows(),
      ...countersNow(),
    };
  }

  const reporting = reports.sendRegularly(
    () => withholding.isAny(),
    (error) => log.debug(`a report did not arrive: ${messageOf(error)}`),
  );

  return {
    infer(name, request) {
      const state = stateOf(name);
      const { caller } = request;
      const rows = rowsAsked(state, request.inputs);
      access.enter(caller?.principal, name, rows);
      return counted(statistics.requestsOf(name), { name, rows, caller }, (trace) =>
        infer(inferDeps, state, request, trace),
      );
    },
    async score(name, request) {
      const state = stateOf(name);
      const { caller } = request;
      // How many rows it has is not known yet.
      access.enter(caller?.principal, name, 1);
      const requests = statistics.requestsOf(name);
      const answer = await counted(requests, { name, rows: 1, caller }, (trace) =>
        score(inferDeps, state, request, trace),
      );
      access.charge(caller?.principal, answer.rows - 1);
      return answer;
    },
    identify: access.identify,
    countCall(principal, status, asked = {}) {
      if (!(principal instanceof Caller)) return;
      principal.endsWith(status, asked, (name) => follower.states().has(name));
      calls.add(principal, status);
      callerMetrics.add(principal, status);
    },
    admit(name, bytes, deadline, caller) {
      const state = stateOf(name);
      access.check(caller?.principal, name);
      try {
        const waitMs = (deadline ?? Infinity) - arrival();
        if (!entersTurn(Math.min(waitMs, BATCHING_DEFAULTS.defaultDeadlineMs))) {
          throw tooMuch('Try again in a moment, or allow more time.');
        }
        primary(state).model.admit(bytes, deadline);
      } catch (error) {
        statistics.requestsOf(name).addFailure(error);
        throw error;
      }
    },
    async load(name) {
      const state = stateOf(name);
      primary(state);
      await Promise.all([...state.revisions.values()].map(({ model }) => model.load()));
    },
    async unload(name) {
      await Promise.all([...stateOf(name).revisions.values()].map(({ model }) => model.unload()));
    },
    describe: (name, revision) => descriptions.of(stateOf(name), revision),
    deployments: () => [...follower.states().keys()],
    serves: (name) => follower.states().has(name),
    isReady: () =>
      follower.current() !== undefined && [...follower.states()].every(([name, state]) => isReady(name, state)),
    status,
    metrics: () => [
      ...planeMetrics({ ...status(), rowsInHand: counters.rowsInHand }, follower.states(), statistics),
      ...callerMetrics.families((name) => follower.states().has(name)),
      ...spanFamilies(tracer),
    ],
    statistics: () => statistics.summed(follower.states()),
    async flush() {
      await shadows.drained();
      await calls.flush();
      return await shipper.flush();
    },
    sync: () => follower.sync(),
    async settled(maxMs) {
      const started = performance.now();
      const waitedMs = (): number => performance.now() - started;
      // What is stored may be old news: the control plane is asked first, if it is there.
      const isSettled = (): boolean => follower.isComplete() && (follower.isReachable() || waitedMs() > ASKED_FOR_MS);
      while (!isSettled() && waitedMs() < maxMs && !stopping.signal.aborted) await sleep(SETTLE_POLL_MS);
    },
    async start(ownUrl) {
      url = ownUrl;
      shipper.wake();
      await follower.start();
    },
    async stop(graceMs) {
      reporting.stop();
      withholding.close();
      await Promise.race([shadows.drained(), sleep(graceMs, undefined, { ref: false })]);
      segments.close();
      const shipped = shipper
        .flush()
        .catch((error: unknown) => log.warn(`segments stay for the next start: ${messageOf(error)}`));
      const told = calls.flush().catch(() => {});
      await Promise.race([Promise.all([shipped, told]), sleep(graceMs, undefined, { ref: false })]);
      stopping.abort();
      await calls.close();
      await shipper.stop();
      await follower.stop();
      await controlPlane
        .leave(replica)
        .catch((error: unknown) => log.debug(`nobody heard that it stops: ${messageOf(error)}`));
      await shelf.close();
    },
  };
}
