import type { PipelineRun, PipelineRunInput, PipelineRunStatus, PipelineRunSummary } from '@capstan/api';
import { newestPage } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, notFound } from '#kernel/errors';
import type { JobContext } from '#jobs';
import type { Digest } from '#ports/blob-store';
import { checkRequest, type Checked } from './check-request.ts';
import { createActiveRuns } from './running/active-runs.ts';
import { readLogFile, readStoredLog, type LogPiece, type LogRange } from '#ports/log-pieces';
import { logFileOf } from './running/attempts.ts';
import type { ParamOverrides } from '#kernel/pipeline-definition';
import type { PipelinesDeps } from './deps.ts';
import { endedRow, recordEnd } from './running/end-run.ts';
import { hasEnded } from './model.ts';
import { readPieces } from './reported/report-log.ts';
import { refuseCheckout } from './reported/report-model.ts';
import { runPipeline } from './running/run-pipeline.ts';
import { stageRows } from './running/stage-rows.ts';
import * as store from './store.ts';
import { runOf, summaryOf } from './views.ts';

export interface StartRun {
  readonly project: string;
  /** At most one for each dataset; the newest accepted version of the others. */
  readonly inputs: readonly { readonly datasetVersionId: string }[];
  readonly params: ParamOverrides;
  /** Rows of this event time and later are kept from the stages. */
  readonly cutoff?: number | undefined;
  /** Of the project's repository: the code is taken from it; else from the project's folder as it is. */
  readonly commit?: string | undefined;
  /** Stage that runs whatever is stored of it, and so do those that read from it. */
  readonly forcedFrom?: string | undefined;
  readonly stageTimeoutMs?: number | undefined;
  /** After a failure all but what depends on it goes on; else nothing more begins. */
  readonly keepGoing?: boolean | undefined;
  /** The same key again gives the same run. */
  readonly requestKey?: string | undefined;
  readonly cause: Cause;
}

export interface RetryRun {
  readonly run: string;
  /** Name of the stage from which on all runs anew. */
  readonly from?: string | undefined;
  readonly requestKey?: string | undefined;
  readonly cause: Cause;
}

export interface Log extends LogPiece {
  /** No more will come. */
  readonly isComplete: boolean;
}

const MOST_GIVEN = 50;

export interface Pipelines {
  /**
   * Checks all that can be checked at once, then puts the run into the queue.
   * @throws DomainError NOT_FOUND, INVALID_ARGUMENT, CONFLICT, NOT_IMPLEMENTED; nothing has been written then
   */
  start(request: StartRun): Promise<PipelineRunSummary>;
  /**
   * Starts a run with the versions, values and commit of one that has ended. Stages that have not changed are taken from
   * what is stored, but for `from` and those that read from it.
   * @throws as `start`; CONFLICT while the run goes on; INVALID_ARGUMENT for a stage that there is not
   */
  retry(request: RetryRun): Promise<PipelineRunSummary>;
  /** @throws DomainError NOT_FOUND */
  get(id: string): Promise<PipelineRun>;
  /** What a run started now would read: a version for each dataset that a stage reads. @throws as `start` */
  inputsFor(request: Pick<StartRun, 'project' | 'inputs' | 'params' | 'commit'>): Promise<readonly PipelineRunInput[]>;
  /** The run in which an experiment run was made; undefined for experiment runs that no pipeline made. */
  madeIn(experimentRunId: string): Promise<PipelineRun | undefined>;
  /** Runs that were given a version of a dataset, newest first, at most 50, with the experiment runs they ended with. */
  given(
    project: string,
    versionId: string,
  ): Promise<{ readonly runs: PipelineRunSummary[]; readonly experimentRuns: string[] }>;
  /** Newest first. @throws DomainError INVALID_ARGUMENT for a cursor of another list */
  list(query: {
    readonly project?: string | undefined;
    readonly status?: PipelineRunStatus | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ items: PipelineRunSummary[]; nextCursor?: string }>;
  /** Idempotent while the run goes on. @throws DomainError NOT_FOUND, CONFLICT when it has ended otherwise */
  cancel(id: string, cause: Cause): Promise<PipelineRunSummary>;
  /** @throws DomainError NOT_FOUND */
  attemptLog(attemptId: string, range: LogRange): Promise<Log>;
  /** @throws DomainError NOT_FOUND */
  environmentLog(id: string, range: LogRange): Promise<Log>;
  /** Works on a run: the handler of its job. */
  work(id: string, job: JobContext & { readonly isLastTry: boolean }): Promise<void>;
}

const DEFAULT_STAGE_TIMEOUT_MS = 3_600_000;
const EMPTY_LOG: LogPiece = { text: '', offset: 0, nextOffset: 0, sizeBytes: 0 };

export function createPipelines(deps: PipelinesDeps): Pipelines {
  const { database, events, jobs, clock, ids } = deps;
  const active = createActiveRuns();
  const seen = (row: store.RunRow): PipelineRunSummary => summaryOf(row, clock.now());

  async function rowOf(id: string): Promise<store.RunRow> {
    const row = await store.findRun(database.read, id);
    if (!row) throw notFound('pipeline run', id);
    return row;
  }

  async function insert(request: StartRun & { readonly retryOf?: string }, checked: Checked): Promise<store.RunRow> {
    const id = ids.next('pr');
    return await database.write(async (writer) => {
      // Numbers count up, and a request key is looked for, one caller after another.
      const { project, requestKey, cause } = request;
      const known = requestKey === undefined ? undefined : await store.findRequested(writer, project, requestKey);
      if (known) return known;
      const row = await store.insertRun(
        writer,
        runRow(id, request, checked, clock.now()),
        stageRows({ id, project }, checked.nodes),
      );
      const event = await events.append(writer, cause, {
        type: 'pipeline-run.started',
        project,
        subject: `pipeline-run:${id}`,
        payload: {
          pipelineRun: id,
          number: row.number,
          revision: checked.revision,
          stages: checked.nodes.map((node) => node.stage.name),
          inputs: checked.inputs.map(({ dataset, versionId }) => ({ dataset, versionId })),
          ...(request.cutoff !== undefined && { cutoff: request.cutoff }),
        },
      });
      await jobs.enqueue(
        writer,
        'pipelines.run',
        { pipelineRun: id },
        { uniqueKey: `pipelines.run:${id}`, causedBy: event.seq },
      );
      return row;
    });
  }

  async function get(id: string): Promise<PipelineRun> {
    const row = await rowOf(id);
    return runOf(
      row,
      await store.listStages(database.read, id),
      await store.listAttempts(database.read, id),
      clock.now(),
    );
  }

  async function start(request: StartRun & { readonly retryOf?: string }): Promise<PipelineRunSummary> {
    const { project, requestKey } = request;
    const known = requestKey === undefined ? undefined : await store.findRequested(database.read, project, requestKey);
    return seen(known ?? (await insert(request, await checkRequest(deps, request))));
  }

  return {
    start,
    async retry({ run, from, requestKey, cause }) {
      const row = await rowOf(run);
      if (!hasEnded(row.status)) {
        throw conflict(`The pipeline run is ${row.status}`, { field: 'run', hint: 'Cancel it, or wait for its end.' });
      }
      refuseCheckout(row, 'run again');
      const { project, inputs, params } = runOf(row, [], [], clock.now());
      return await start({
        project,
        inputs: inputs.map(({ versionId }) => ({ datasetVersionId: versionId })),
        params,
        cutoff: row.cutoff ?? undefined,
        commit: row.from_commit ?? undefined,
        stageTimeoutMs: row.stage_timeout_ms,
        keepGoing: row.keeps_going === 1,
        forcedFrom: from,
        retryOf: run,
        requestKey,
        cause,
      });
    },
    inputsFor: async (request) => (await checkRequest(deps, request)).inputs,
    get,
    async madeIn(experimentRunId) {
      const attempt = await store.attemptOfRun(database.read, experimentRunId);
      return attempt && (await get(attempt.pipeline_run));
    },
    async given(project, versionId) {
      const runs = (await store.runsGiven(database.read, project, versionId, MOST_GIVEN)).map(seen);
      const experimentRuns = await store.experimentRunsOf(
        database.read,
        runs.map(({ id }) => id),
      );
      return { runs, experimentRuns };
    },
    async list({ project, status, limit, cursor }) {
      const question = `pipeline-runs ${project ?? ''} ${status ?? ''}`;
      const { rows, ...next } = await newestPage(
        { question, limit, cursor },
        (page) => store.listRuns(database.read, { project, status, ...page }),
        (row) => [row.created_at, row.id],
      );
      return { items: rows.map(seen), ...next };
    },
    async cancel(id, cause) {
      const row = await rowOf(id);
      refuseCheckout(row, 'cancelled');
      if (hasEnded(row.status) && row.status !== 'cancelled') {
        throw conflict(`The pipeline run has ${row.status} already`, { field: 'run' });
      }
      await database.write(async (writer) => {
        if (!(await store.requestCancel(writer, id, clock.now()))) return;
        await events.append(writer, cause, {
          type: 'pipeline-run.cancel-requested',
          project: row.project,
          subject: `pipeline-run:${id}`,
          payload: { pipelineRun: id },
        });
        const end = { outcome: 'cancelled', reason: null, runIds: [], modelVersions: [] } as const;
        if (!(await store.cancelQueued(writer, id, endedRow(end, clock.now())))) return;
        await recordEnd(deps, writer, row, end, cause);
      });
      active.cancel(id);
      return seen(await rowOf(id));
    },
    async attemptLog(attemptId, range) {
      const attempt = await store.findAttempt(database.read, attemptId);
      if (!attempt) throw notFound('stage attempt', attemptId);
      if (attempt.log_digest !== null) {
        return complete(await readStoredLog(deps.blobs, attempt.log_digest as Digest, range));
      }
      const isWhole = attempt.status !== 'running';
      const told = await readPieces(database.read, attempt, range);
      if (told.sizeBytes > 0) return { ...told, isComplete: isWhole && told.nextOffset >= told.sizeBytes };
      const piece = (await readLogFile(logFileOf(deps, attemptId), { ...range, isWhole })) ?? EMPTY_LOG;
      return { ...piece, isComplete: isWhole && piece.nextOffset >= piece.sizeBytes };
    },
    async environmentLog(id, range) {
      const row = await rowOf(id);
      const isWhole = row.environment_key !== null || hasEnded(row.status);
      const file = row.environment_log;
      const piece = (file === null ? undefined : await readLogFile(file, { ...range, isWhole })) ?? EMPTY_LOG;
      return { ...piece, isComplete: isWhole && piece.nextOffset >= piece.sizeBytes };
    },
    work: (id, job) => runPipeline(deps, active, id, job),
  };
}

function complete(piece: LogPiece): Log {
  return { ...piece, isComplete: piece.nextOffset >= piece.sizeBytes };
}

function runRow(id: string, request: StartRun & { readonly retryOf?: string }, checked: Checked, now: number) {
  const { project, params, cutoff, stageTimeoutMs, requestKey, retryOf, cause } = request;
  return {
    id,
    project,
    status: 'queued',
    phase: 'waiting',
    revision: checked.revision,
    inputs: JSON.stringify(checked.inputs),
    params: JSON.stringify(params),
    cutoff: cutoff ?? null,
    stage_timeout_ms: stageTimeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS,
    request_key: requestKey ?? null,
    model_versions: '[]',
    executor: checked.executor,
    keeps_going: request.keepGoing === true ? 1 : 0,
    from_commit: checked.commit ?? null,
    git_commit: checked.commit ?? null,
    forced_from: request.forcedFrom ?? null,
    retry_of: retryOf ?? null,
    fence: 0,
    actor: cause.actor,
    cycle: cause.cycle ?? null,
    created_at: now,
  } as const;
}
