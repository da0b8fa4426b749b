import type { BatchPrediction, BatchPredictionRequest, BatchPredictionState } from '@capstan/api';
import { newestPage } from '#database';
import type { StoredFile } from '#http';
import type { JobContext } from '#jobs';
import type { Cause } from '#kernel/cause';
import { conflict, notFound } from '#kernel/errors';
import { LOCAL_EXECUTOR } from '#model/pipelines';
import type { ByteRange, Digest, LentBytes } from '#ports/blob-store';
import type { BatchPredictionsDeps } from './deps.ts';
import { endedFact } from './facts.ts';
import { hasEnded } from './model.ts';
import { plan, type Planned } from './plan.ts';
import { runBatch } from './run-batch.ts';
import * as store from './store.ts';
import { batchView } from './views.ts';

export interface StartBatch extends BatchPredictionRequest {
  readonly cause: Cause;
}

export interface BatchPredictions {
  /** Checks the request against model and data, then puts it into the queue. @throws DomainError NOT_FOUND, INVALID_ARGUMENT, CONFLICT */
  start(request: StartBatch): Promise<BatchPrediction>;
  /** @throws DomainError NOT_FOUND */
  get(id: string): Promise<BatchPrediction>;
  /** Newest first. @throws DomainError INVALID_ARGUMENT for a cursor of another list */
  list(query: {
    readonly deployment?: string | undefined;
    readonly project?: string | undefined;
    readonly state?: BatchPredictionState | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ items: BatchPrediction[]; nextCursor?: string }>;
  /** Names of those that there are. */
  executors(): string[];
  /** Idempotent while it goes on. @throws DomainError NOT_FOUND, CONFLICT when it has ended otherwise */
  cancel(id: string, cause: Cause): Promise<BatchPrediction>;
  /** @throws DomainError NOT_FOUND; CONFLICT before it has succeeded */
  result(id: string): Promise<StoredFile>;
  /** @throws DomainError NOT_FOUND, DATA_LOSS */
  readResult(digest: Digest, range?: ByteRange): Promise<LentBytes>;
  /** Lets go of results from before a time that became no dataset version; what was asked, and of whom, stays. */
  expire(before: number): Promise<void>;
  /** Works on one: the handler of its job. */
  work(id: string, job: JobContext & { readonly isLastTry: boolean }): Promise<void>;
}

export function createBatchPredictions(deps: BatchPredictionsDeps): BatchPredictions {
  const { database, events, jobs, clock, ids } = deps;
  const viewOf = (row: store.BatchRow): BatchPrediction => batchView(row, deps.resultRetentionMs);

  async function rowOf(id: string): Promise<store.BatchRow> {
    const row = await store.find(database.read, id);
    if (!row) throw notFound('batch prediction', id, 'capstan batch-predictions list shows those that exist.');
    return row;
  }

  async function insert(request: StartBatch, planned: Planned): Promise<store.BatchRow> {
    const row = batchRow(ids.next('bp'), request, planned, clock.now());
    const { answering } = planned;
    return await database.write(async (writer) => {
      const known = row.request_key === null ? undefined : await store.findRequested(writer, row.request_key);
      if (known) return known;
      await store.insert(writer, row);
      const { seq } = await events.append(writer, request.cause, {
        type: 'batch-prediction.started',
        project: row.project,
        subject: `batch-prediction:${row.id}`,
        payload: {
          batchPrediction: row.id,
          model: answering.model,
          version: answering.version,
          input: row.input_version,
          executor: row.executor,
          ...(answering.deployment !== null && { deployment: answering.deployment }),
          ...(answering.revision !== null && { revision: answering.revision }),
          ...(row.to_dataset !== null && { to: row.to_dataset }),
        },
      });
      await jobs.enqueue(
        writer,
        row.executor === LOCAL_EXECUTOR ? 'batch-predictions.run' : 'batch-predictions.run-elsewhere',
        { batchPrediction: row.id },
        { uniqueKey: `batch-predictions.run:${row.id}`, causedBy: seq },
      );
      return row;
    });
  }

  return {
    async start(request) {
      const { requestKey } = request;
      const known = requestKey === undefined ? undefined : await store.findRequested(database.read, requestKey);
      return viewOf(known ?? (await insert(request, await plan(deps, request))));
    },
    get: async (id) => viewOf(await rowOf(id)),
    async list({ limit, cursor, ...filter }) {
      const question = `batch-predictions ${JSON.stringify(filter)}`;
      const { rows, ...next } = await newestPage(
        { question, limit, cursor },
        (page) => store.list(database.read, { ...filter, ...page }),
        (row) => [row.created_at, row.id],
      );
      return { items: rows.map(viewOf), ...next };
    },
    executors: () => [...deps.executors.keys()],
    async cancel(id, cause) {
      const row = await rowOf(id);
      if (hasEnded(row.state) && row.state !== 'cancelled') {
        throw conflict(`The batch prediction has ${row.state} already`, { field: 'batchPrediction' });
      }
      await database.write(async (writer) => {
        const now = clock.now();
        if (!(await store.requestCancel(writer, id, now))) return;
        if (!(await store.endQueued(writer, id, 'cancelled', now))) return;
        await events.append(writer, cause, endedFact({ ...row, state: 'cancelled' }));
      });
      return viewOf(await rowOf(id));
    },
    async result(id) {
      const row = await rowOf(id);
      if (row.result_digest === null && row.state === 'succeeded') {
        throw conflict(`The result of ${id} is no longer kept`, {
          field: 'batchPrediction',
          hint: 'The same request gives the same bytes; with `to` its result becomes a dataset version, which stays.',
        });
      }
      if (row.result_digest === null) {
        throw conflict(`The batch prediction is ${row.state}: it has no result`, { field: 'batchPrediction' });
      }
      const path = `${row.to_dataset ?? row.model.replaceAll(/[^\w.-]+/g, '-')}-${row.id}.${row.format}`;
      return { path, digest: row.result_digest as Digest, sizeBytes: row.result_bytes ?? 0 };
    },
    readResult: (digest, range) => deps.blobs.lend(digest, range),
    expire: async (before) => void (await database.write((writer) => store.dropResults(writer, before))),
    work: (id, job) => runBatch(deps, id, job),
  };
}

function batchRow(id: string, request: StartBatch, { answering, input, recipe, format }: Planned, now: number) {
  return {
    id,
    state: 'queued',
    reason: null,
    failed_row: null,
    failed_column: null,
    project: input.project,
    input_dataset: input.dataset,
    input_number: input.number,
    input_version: input.id,
    deployment: answering.deployment,
    revision: answering.revision,
    model: answering.model,
    model_version: answering.version,
    flavor: answering.flavor,
    model_digest: answering.digest,
    package_digest: answering.packageDigest,
    transform: JSON.stringify(answering.transform),
    recipe: JSON.stringify(recipe),
    to_dataset: request.to ?? null,
    format,
    rows_total: recipe.sql === null ? input.rows : null,
    rows_done: 0,
    rows_failed: 0,
    rows_per_second: null,
    output_number: null,
    output_version: null,
    result_digest: null,
    result_bytes: null,
    request_key: request.requestKey ?? null,
    executor: request.executor,
    resources: Object.keys(request.resources).length === 0 ? null : JSON.stringify(request.resources),
    machine: null,
    attempt: null,
    fence: 0,
    cancel_requested_at: null,
    actor: request.cause.actor,
    created_at: now,
    started_at: null,
    ended_at: null,
  } as const satisfies store.BatchRow;
}
