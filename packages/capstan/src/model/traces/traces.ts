import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid } from '#kernel/errors';
import { checkKey, experimentNumber, hexId, projectOf, type Experiment, type KeyValue } from '#model/experiments';
import { putNewAssessment, type NewAssessment } from './assessments/assessments.ts';
import type { TracesDeps } from './deps.ts';
import { storable } from '#kernel/exact-json';
import { FINALIZED, type TraceInfo, type TraceStatus } from './model.ts';
import { infosOf } from './read-traces.ts';
import {
  checkTraceId,
  checkedMetadata,
  checkedTag,
  isTraceId,
  noTrace,
  refuseDeletedExperiment,
  refuseOwnTag,
} from './refusals.ts';
import { locationTag, traceRoot } from './spans/log-spans.ts';
import { keepEarlyLinks } from './early-link.store.ts';
import * as store from './trace.store.ts';

const LONGEST_PREVIEW = 1_000;
const LONGEST_REQUEST_ID = 500;
const MOST_LINKS = 100;

/** What a client says of a whole trace. */
export interface GivenTrace {
  readonly id: string;
  readonly experimentId: string;
  readonly clientRequestId?: string | undefined;
  readonly requestPreview?: string | undefined;
  readonly responsePreview?: string | undefined;
  readonly startedAt: number;
  readonly durationMs: number | null;
  readonly status: TraceStatus;
  readonly tags: readonly KeyValue[];
  readonly metadata: readonly KeyValue[];
  readonly assessments: readonly NewAssessment[];
  readonly cause: Cause;
}

/** Which traces to delete: those named, or the oldest up to a time. */
export interface TraceDeletion {
  readonly experimentId: string;
  readonly ids?: readonly string[] | undefined;
  readonly until?: number | undefined;
  readonly most?: number | undefined;
  readonly cause: Cause;
}

export interface TraceUseCases {
  /**
   * Stores what a client says of a whole trace, over what its spans told. Again for one id: what is new is merged in.
   * @throws DomainError NOT_FOUND for the experiment, CONFLICT when it is deleted, INVALID_ARGUMENT
   */
  recordTrace(trace: GivenTrace): Promise<TraceInfo>;
  /** Begins a trace of MLflow's old API, which is given an id here. */
  startTrace(trace: Omit<GivenTrace, 'id' | 'durationMs' | 'status' | 'assessments'>): Promise<TraceInfo>;
  /** Ends one of the old API. @throws DomainError NOT_FOUND */
  endTrace(input: {
    readonly id: string;
    readonly endedAt: number;
    readonly status: TraceStatus;
    readonly tags: readonly KeyValue[];
    readonly metadata: readonly KeyValue[];
    readonly cause: Cause;
  }): Promise<TraceInfo>;
  /** @throws DomainError NOT_FOUND; INVALID_ARGUMENT for a tag that only the server sets */
  setTraceTag(input: { readonly id: string; readonly tag: KeyValue; readonly cause: Cause }): Promise<void>;
  /** @throws DomainError NOT_FOUND also when the trace has no such tag */
  removeTraceTag(input: { readonly id: string; readonly key: string; readonly cause: Cause }): Promise<void>;
  /** With spans, assessments and files; returns how many. @throws DomainError INVALID_ARGUMENT unless ids or a time are given */
  deleteTraces(which: TraceDeletion): Promise<number>;
  /** Removes all of an experiment that is being purged, in that transaction. Returns how many there were. */
  purgeTraces(writer: Writer, experimentId: string): Promise<number>;
  /**
   * At most 100 at once. A trace that has not come yet is linked when it comes: clients send traces in the background.
   * @throws DomainError NOT_FOUND for the run
   */
  linkToRun(input: {
    readonly traceIds: readonly string[];
    readonly runId: string;
    readonly cause: Cause;
  }): Promise<void>;
  /** Prompt versions as `NAME/VERSION`. @throws DomainError NOT_FOUND */
  linkPrompts(input: {
    readonly traceId: string;
    readonly prompts: readonly string[];
    readonly cause: Cause;
  }): Promise<void>;
}

export function traceUseCases(deps: TracesDeps): TraceUseCases {
  const { database, events, experiments, ids, clock } = deps;
  const { dialect } = database;

  async function record(writer: Writer, trace: GivenTrace, experiment: Experiment): Promise<void> {
    const { id, experimentId, startedAt, durationMs, status } = trace;
    const known = await store.findTrace(writer, id);
    const given = {
      experimentId,
      startedAt,
      durationMs,
      status,
      clientRequestId: trace.clientRequestId?.slice(0, LONGEST_REQUEST_ID) ?? known?.clientRequestId ?? null,
      isFinalized: trace.metadata.some(({ key }) => key === FINALIZED) || (known?.isFinalized ?? false),
    };
    const requestPreview = cut(trace.requestPreview);
    const responsePreview = cut(trace.responsePreview);
    if (known) await store.updateTrace(writer, known.key, { ...given, requestPreview, responsePreview });
    const key =
      known?.key ??
      (await store.insertTrace(writer, {
        id,
        name: null,
        ...given,
        requestPreview: requestPreview ?? null,
        responsePreview: responsePreview ?? null,
      }));
    await store.putTags(dialect, writer, key, [...trace.tags.map(checkedTag), locationTag(experiment, id)]);
    await store.putMetadata(dialect, writer, key, trace.metadata.map(checkedMetadata));
    for (const assessment of trace.assessments) await putNewAssessment(deps, writer, { key, id }, assessment);
    await appendLogged(writer, trace.cause, experiment);
  }

  async function appendLogged(writer: Writer, cause: Cause, experiment: Experiment): Promise<void> {
    await events.append(writer, cause, {
      type: 'traces.logged',
      ...projectOf(experiment.name),
      subject: `experiment:${experiment.id}`,
      payload: { traces: 1, spans: 0 },
    });
  }

  async function write(trace: GivenTrace): Promise<TraceInfo> {
    checkTraceId(trace.id);
    if (trace.startedAt < 0) throw invalid('A trace starts at or after 1970', { field: 'request_time' });
    for (const tag of trace.tags) checkedTag(tag);
    const experiment = await experiments.getExperiment(trace.experimentId);
    refuseDeletedExperiment(experiment);
    await database.write(async (writer) => {
      await record(writer, trace, experiment);
    });
    return await get(trace.id);
  }

  async function get(id: string): Promise<TraceInfo> {
    const head = await store.findTrace(database.read, id);
    const [info] = head ? await infosOf(database.read, [head]) : [];
    if (!info) throw noTrace(id);
    return info;
  }

  /** Runs a change on a trace that is there. */
  async function change(id: string, work: (writer: Writer, head: store.TraceHead) => Promise<void>): Promise<void> {
    await database.write(async (writer) => {
      const head = await store.findTrace(writer, id);
      if (!head) throw noTrace(id);
      await work(writer, head);
    });
  }

  return {
    recordTrace: (trace) => write({ ...trace, metadata: [...trace.metadata, { key: FINALIZED, value: 'true' }] }),
    startTrace: (trace) =>
      write({
        ...trace,
        id: hexId(ids.next('trace')),
        durationMs: null,
        status: 'IN_PROGRESS',
        assessments: [],
      }),
    async endTrace({ id, endedAt, status, tags, metadata, cause }) {
      const head = await store.findTrace(database.read, id);
      if (!head) throw noTrace(id);
      const experiment = await experiments.getExperiment(head.experimentId);
      refuseDeletedExperiment(experiment);
      const checked = tags.map(checkedTag);
      await change(id, async (writer, { key, startedAt }) => {
        await store.updateTrace(writer, key, { durationMs: endedAt - startedAt, status });
        await store.putTags(dialect, writer, key, checked);
        await store.putMetadata(dialect, writer, key, metadata.map(checkedMetadata));
        await appendLogged(writer, cause, experiment);
      });
      return await get(id);
    },
    async setTraceTag({ id, tag, cause }) {
      checkKey('key', tag.key);
      const checked = checkedTag(tag);
      refuseOwnTag(tag.key, 'set');
      await change(id, async (writer, { key }) => {
        await store.putTags(dialect, writer, key, [checked]);
        const payload = { key: tag.key };
        await events.append(writer, cause, { type: 'trace.tagged', subject: `trace:${id}`, payload });
      });
    },
    async removeTraceTag({ id, key, cause }) {
      refuseOwnTag(key, 'deleted');
      await change(id, async (writer, head) => {
        if (!(await store.removeTag(writer, head.key, key))) {
          throw new DomainError('NOT_FOUND', `No trace tag with key '${key}' for trace with ID '${id}'`, {
            field: 'key',
          });
        }
        await events.append(writer, cause, { type: 'trace.tag-removed', subject: `trace:${id}`, payload: { key } });
      });
    },
    async purgeTraces(writer, experimentId) {
      const owner = await experiments.getExperiment(experimentId);
      const which = { until: Number.MAX_SAFE_INTEGER, most: undefined };
      const found = await store.tracesToDelete(writer, Number(experimentId), which);
      for (const { id } of found) await experiments.removeFilesAt(writer, traceRoot(owner, id), '');
      await store.deleteTraces(
        writer,
        found.map(({ key }) => key),
      );
      return found.length;
    },
    async deleteTraces(which) {
      const wanted = checkedDeletion(which);
      const experiment = experimentNumber(which.experimentId);
      if (experiment === undefined) return 0;
      if ((await store.tracesToDelete(database.read, experiment, wanted)).length === 0) return 0;
      const owner = await experiments.getExperiment(which.experimentId);
      return await database.write(async (writer) => {
        const found = await store.tracesToDelete(writer, experiment, wanted);
        if (found.length === 0) return 0;
        for (const { id } of found) await experiments.removeFilesAt(writer, traceRoot(owner, id), '');
        await store.deleteTraces(
          writer,
          found.map(({ key }) => key),
        );
        await events.append(writer, which.cause, {
          type: 'traces.deleted',
          ...projectOf(owner.name),
          subject: `experiment:${owner.id}`,
          payload: { traces: found.length },
        });
        return found.length;
      });
    },
    async linkToRun({ traceIds, runId, cause }) {
      if (traceIds.length > MOST_LINKS) {
        throw invalid(
          `Cannot link more than ${MOST_LINKS} traces to a run in a single request. Provided ${traceIds.length} traces.`,
          { field: 'trace_ids' },
        );
      }
      const run = await experiments.getRun(runId);
      await database.write(async (writer) => {
        const heads = await store.findTraces(writer, traceIds);
        await store.insertLinks(
          dialect,
          writer,
          'run',
          heads.map(({ key }) => [key, run.id]),
        );
        const known = new Set(heads.map(({ id }) => id));
        const awaited = traceIds.filter((id) => !known.has(id) && isTraceId(id));
        await keepEarlyLinks(dialect, writer, { traceIds: awaited, runId: run.id, at: clock.now() });
        const payload = { traces: heads.length };
        await events.append(writer, cause, { type: 'traces.linked', subject: `run:${run.id}`, payload });
      });
    },
    async linkPrompts({ traceId, prompts, cause }) {
      await change(traceId, async (writer, { key }) => {
        await store.insertLinks(
          dialect,
          writer,
          'prompt',
          prompts.map((prompt) => [key, storable(prompt)]),
        );
        const payload = { prompts: [...prompts] };
        await events.append(writer, cause, { type: 'trace.prompts-linked', subject: `trace:${traceId}`, payload });
      });
    },
  };
}

/** The words are MLflow's, which its clients' users have read. */
function checkedDeletion({ ids, until, most }: TraceDeletion): Parameters<typeof store.tracesToDelete>[2] {
  const named = ids ?? [];
  if (until === undefined && named.length === 0) {
    throw invalid('Either `max_timestamp_millis` or `trace_ids` must be specified.', { field: 'max_timestamp_millis' });
  }
  if (until !== undefined && named.length > 0) {
    throw invalid('Only one of `max_timestamp_millis` and `trace_ids` can be specified.', { field: 'request_ids' });
  }
  if (named.length > 0 && most !== undefined) {
    throw invalid("`max_traces` can't be specified if `trace_ids` is specified.", { field: 'max_traces' });
  }
  if (most !== undefined && most <= 0) {
    throw invalid(`\`max_traces\` must be a positive integer, received ${most}.`, { field: 'max_traces' });
  }
  return until === undefined ? { ids: named } : { until, most };
}

function cut(preview: string | undefined): string | undefined {
  return preview === undefined ? undefined : storable(preview.slice(0, LONGEST_PREVIEW));
}
