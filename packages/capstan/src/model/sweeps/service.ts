import {
  MOST_TRIALS,
  type Sweep,
  type SweepMetric,
  type SweepRequest,
  type SweepState,
  type SweepSummary,
} from '@capstan/api';
import { newestPage } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, invalid, notFound } from '#kernel/errors';
import { advance, endSweep, type Waking } from './advance.ts';
import { checkSpace, trialsOf } from './check-space.ts';
import type { SweepsDeps } from './deps.ts';
import { hasEnded } from './model.ts';
import { cancelRuns } from './start-trials.ts';
import * as store from './store.ts';
import { summaryOf, sweepOf } from './views.ts';

export interface StartSweep extends SweepRequest {
  readonly project: string;
  /** The same key again gives the same sweep. */
  readonly requestKey?: string | undefined;
  readonly cause: Cause;
}

export interface Sweeps {
  /**
   * Checks the space against the pipeline, then puts the sweep into the queue.
   * @throws DomainError NOT_FOUND, INVALID_ARGUMENT, CONFLICT, NOT_IMPLEMENTED; nothing has been written then
   */
  start(request: StartSweep): Promise<SweepSummary>;
  /** @throws DomainError NOT_FOUND */
  get(id: string): Promise<Sweep>;
  /** Newest first. @throws DomainError INVALID_ARGUMENT for a cursor of another list */
  list(query: {
    readonly project?: string | undefined;
    readonly state?: SweepState | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ items: SweepSummary[]; nextCursor?: string }>;
  /** Its trials that run are ended too. Idempotent. @throws DomainError NOT_FOUND, CONFLICT when it has ended otherwise */
  cancel(id: string, cause: Cause): Promise<SweepSummary>;
  /** Goes on with a sweep: the handler of its job. */
  advance(id: string, waking: Waking): Promise<void>;
  /** Goes on with the sweep of a pipeline run whose end is told, if it is of one. */
  follow(eventSeq: number, waking: Waking): Promise<void>;
}

const PIPELINE_RUN = 'pipeline-run:';

export function createSweeps(deps: SweepsDeps): Sweeps {
  const { database, events, jobs, clock, ids, projects } = deps;

  async function rowOf(id: string): Promise<store.SweepRow> {
    const row = await store.findSweep(database.read, id);
    if (!row) throw notFound('sweep', id, 'capstan sweeps list shows those that exist.');
    return row;
  }

  async function summaries(rows: readonly store.SweepRow[]): Promise<SweepSummary[]> {
    const sweeps = rows.map(({ id }) => id);
    const counts = await store.countTrials(database.read, sweeps);
    const best = await store.bestTrials(database.read, sweeps);
    return rows.map((row) =>
      summaryOf(
        row,
        counts.filter(({ sweep }) => sweep === row.id),
        best.find(({ sweep }) => sweep === row.id),
      ),
    );
  }

  async function summary(row: store.SweepRow): Promise<SweepSummary> {
    const [only] = await summaries([row]);
    if (!only) throw notFound('sweep', row.id);
    return only;
  }

  async function insert(request: StartSweep, checked: Checked): Promise<store.SweepRow> {
    const id = ids.next('sw');
    const { project, requestKey, cause } = request;
    return await database.write(async (writer) => {
      // Numbers count up, and a request key is looked for, one caller after another.
      const known = requestKey === undefined ? undefined : await store.findRequested(writer, project, requestKey);
      if (known) return known;
      const row = await store.insertSweep(writer, sweepRow(id, request, checked, clock.now()));
      const { seq } = await events.append(writer, cause, {
        type: 'sweep.started',
        project,
        subject: `sweep:${id}`,
        payload: {
          sweep: id,
          number: row.number,
          method: row.method,
          metric: checked.metric,
          maxTrials: row.max_trials,
          params: Object.keys(request.params),
        },
      });
      await jobs.enqueue(writer, 'sweeps.advance', { sweep: id }, { uniqueKey: `sweeps.advance:${id}`, causedBy: seq });
      return row;
    });
  }

  return {
    async start(request) {
      const { project, requestKey } = request;
      const known =
        requestKey === undefined ? undefined : await store.findRequested(database.read, project, requestKey);
      if (known) return await summary(known);
      const { declaration } = await projects.get(project);
      const metric = metricOf(request.metric, declaration.model?.metric, project);
      const maxTrials = trialsOf(request, MOST_TRIALS);
      await checkSpace(deps.pipelines, project, request.params);
      return await summary(await insert(request, { metric, maxTrials }));
    },
    async get(id) {
      const row = await rowOf(id);
      return sweepOf(row, await store.listTrials(database.read, id));
    },
    async list({ project, state, limit, cursor }) {
      const question = `sweeps ${project ?? ''} ${state ?? ''}`;
      const { rows, ...next } = await newestPage(
        { question, limit, cursor },
        (page) => store.listSweeps(database.read, { project, state, ...page }),
        (row) => [row.created_at, row.id],
      );
      return { items: await summaries(rows), ...next };
    },
    async cancel(id, cause) {
      for (;;) {
        const row = await rowOf(id);
        if (row.state === 'cancelled') return await summary(row);
        if (hasEnded(row.state)) throw conflict(`The sweep has ${row.state} already`, { field: 'sweep' });
        const isDone = await database.write(async (writer) => {
          if (!(await endSweep(deps, writer, row, { outcome: 'cancelled', reason: null }, cause))) return false;
          // For a trial that is just being started, and for a server that is killed now.
          await jobs.enqueue(writer, 'sweeps.advance', { sweep: id });
          return true;
        });
        if (isDone) {
          await cancelRuns(deps, row, cause);
          return await summary(await rowOf(id));
        }
      }
    },
    advance: (id, waking) => advance(deps, id, waking),
    async follow(eventSeq, waking) {
      const { subject } = await events.get(eventSeq);
      if (!subject.startsWith(PIPELINE_RUN)) return;
      const trial = await store.trialOfRun(database.read, subject.slice(PIPELINE_RUN.length));
      if (trial) await advance(deps, trial.sweep, { ...waking, cause: { ...waking.cause, causationSeq: eventSeq } });
    },
  };
}

interface Checked {
  readonly metric: Required<SweepMetric>;
  readonly maxTrials: number;
}

function metricOf(asked: SweepMetric | undefined, ofModel: string | undefined, project: string): Required<SweepMetric> {
  if (asked) return asked;
  // Those that a model may declare are losses.
  if (ofModel !== undefined) return { name: ofModel, goal: 'minimise' };
  throw invalid('It is not said which metric is to become better', {
    field: 'body.metric',
    details: { path: ['metric'] },
    hint: `Name one that the pipeline logs, or declare a model with its metric in capstan.yaml of ${project}.`,
  });
}

function sweepRow(id: string, request: StartSweep, { metric, maxTrials }: Checked, now: number) {
  return {
    id,
    project: request.project,
    state: 'queued',
    method: request.method,
    space: JSON.stringify(request.params),
    metric: metric.name,
    goal: metric.goal,
    max_trials: maxTrials,
    parallel: request.parallel,
    early_stopping: request.earlyStopping ? JSON.stringify(request.earlyStopping) : null,
    seed: request.seed,
    time_limit_ms: request.timeLimitMs ?? null,
    max_failed_share: request.maxFailedShare,
    stage_timeout_ms: request.stageTimeoutMs ?? null,
    request_key: request.requestKey ?? null,
    version: 0,
    actor: request.cause.actor,
    created_at: now,
  } as const;
}
