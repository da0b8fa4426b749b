import type { Readable } from 'node:stream';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict } from '#kernel/errors';
import { storable } from '#kernel/exact-json';
import { projectOf, type Experiment } from '#model/experiments';
import type { Blob } from '#ports/blob-store';
import { checkedAssessment } from '../assessments/assessments.ts';
import { putAssessment } from '../assessments/assessment.store.ts';
import type { TracesDeps } from '../deps.ts';
import {
  ARTIFACT_LOCATION_TAG,
  FINALIZED,
  IN_STORE,
  SPANS_LOCATION_TAG,
  type Assessment,
  type Span,
  type TraceInfo,
} from '../model.ts';
import { checkTraceId, checkedMetadata, checkedTag, isOwnTag, noTrace } from '../refusals.ts';
import { locationTag, traceRoot } from '../spans/log-spans.ts';
import { putSpans } from '../spans/span.store.ts';
import { countedSpan } from '../spans/translate.ts';
import * as store from '../trace.store.ts';

/** A trace as another tracker has it. */
export interface ForeignTrace extends Omit<TraceInfo, 'name' | 'assessments'> {
  readonly assessments: readonly Omit<Assessment, 'traceId'>[];
  /** Runs and prompt versions (`NAME/VERSION`) that it is linked to. */
  readonly runs: readonly string[];
  readonly prompts: readonly string[];
  /** All of them, or some: spans add up over calls. */
  readonly spans: readonly Omit<Span, 'type'>[];
}

export interface ImportTraceUseCases {
  /**
   * Stores traces with ids and times as they are, those of deleted experiments too; of one that is here, facts, tags,
   * metadata and assessments are brought up to date and what is new is added. Links to runs that are not here are left
   * out. @throws DomainError NOT_FOUND for the experiment; CONFLICT when a trace of that id is in another experiment, or
   * an assessment of that id on another trace; INVALID_ARGUMENT
   */
  importTraces(input: {
    /** Where it comes from, for the record. */
    readonly source: string;
    readonly traces: readonly ForeignTrace[];
    readonly cause: Cause;
  }): Promise<{ readonly added: number; readonly changed: number }>;
  /** As `putTraceFile`, in deleted experiments too. @throws DomainError NOT_FOUND, INVALID_ARGUMENT for other bytes than announced */
  importTraceFile(input: {
    readonly traceId: string;
    readonly path: string;
    readonly bytes: Readable;
    readonly expected: Partial<Blob>;
    readonly cause: Cause;
  }): Promise<Blob>;
  /** Which of the files are not here with these bytes (by size where no digest is given). @throws DomainError NOT_FOUND */
  missingTraceFiles(
    traceId: string,
    files: readonly { readonly path: string; readonly sizeBytes: number; readonly digest?: string | undefined }[],
  ): Promise<readonly string[]>;
}

export function importTraceUseCases({ database, events, experiments }: TracesDeps): ImportTraceUseCases {
  const { dialect } = database;

  async function write(
    writer: Writer,
    trace: ForeignTrace,
    known: store.TraceHead | undefined,
    experiment: Experiment,
    runsHere: ReadonlySet<string>,
  ): Promise<void> {
    const facts = headOf(trace);
    if (known) await store.updateTrace(writer, known.key, { ...facts, name: facts.name ?? known.name ?? undefined });
    const key = known?.key ?? (await store.insertTrace(writer, facts));
    await putSpans(dialect, writer, key, trace.spans.map(countedSpan));
    const tags = trace.tags.filter(({ key: name }) => name !== ARTIFACT_LOCATION_TAG && !isOwnTag(name));
    await store.putTags(dialect, writer, key, [
      ...tags.map(checkedTag),
      locationTag(experiment, trace.id),
      ...(trace.spans.length > 0 ? [{ key: SPANS_LOCATION_TAG, value: IN_STORE }] : []),
    ]);
    await store.putMetadata(dialect, writer, key, trace.metadata.map(checkedMetadata));
    for (const given of trace.assessments) {
      const assessment = checkedAssessment({ ...given, traceId: trace.id });
      if (await putAssessment(writer, key, assessment)) continue;
      throw conflict(`assessment ${given.id} is on another trace here`, { field: 'assessments' });
    }
    const runs = trace.runs.filter((run) => runsHere.has(run));
    await store.insertLinks(dialect, writer, 'run', pairs(key, runs));
    await store.insertLinks(dialect, writer, 'prompt', pairs(key, trace.prompts.map(storable)));
  }

  async function runsHere(traces: readonly ForeignTrace[]): Promise<Set<string>> {
    const wanted = [...new Set(traces.flatMap(({ runs }) => runs))];
    const here = new Set<string>();
    for (const chunk of store.chunked(wanted)) for (const { id } of await experiments.getRuns(chunk)) here.add(id);
    return here;
  }

  async function rootOf(traceId: string): Promise<{ experiment: Experiment; root: string }> {
    const head = await store.findTrace(database.read, traceId);
    if (!head) throw noTrace(traceId);
    const experiment = await experiments.getExperiment(head.experimentId);
    return { experiment, root: traceRoot(experiment, traceId) };
  }

  return {
    async importTraces({ source, traces, cause }) {
      for (const { id } of traces) checkTraceId(id);
      const places = new Map<string, Experiment>();
      for (const id of new Set(traces.map(({ experimentId }) => experimentId)))
        places.set(id, await experiments.getExperiment(id));
      const linked = await runsHere(traces);
      return await database.write(async (writer) => {
        const ids = traces.map(({ id }) => id);
        const here = new Map((await store.findTraces(writer, ids)).map((head) => [head.id, head]));
        for (const trace of traces) {
          const known = here.get(trace.id);
          const experiment = places.get(trace.experimentId);
          if (!experiment) continue;
          if (known && known.experimentId !== experiment.id) {
            throw conflict(`trace ${trace.id} is in experiment ${known.experimentId} here, not in ${experiment.id}`, {
              field: 'experimentId',
            });
          }
          await write(writer, trace, known, experiment, linked);
        }
        const counts = { added: traces.length - here.size, changed: here.size };
        if (traces.length > 0) {
          const payload = { source, kind: 'trace' as const, ...counts, points: 0 };
          await events.append(writer, cause, { type: 'import.recorded', subject: `import:${source}`, payload });
        }
        return counts;
      });
    },
    async importTraceFile({ traceId, path, bytes, expected, cause }) {
      const { experiment, root } = await rootOf(traceId);
      const { digest, sizeBytes } = await experiments.putFileAt({
        root,
        path,
        bytes,
        expected,
        admit: async (writer) => {
          if (!(await store.findTrace(writer, traceId))) throw noTrace(traceId);
        },
        record: async (writer) => {
          const subject = `trace:${traceId}`;
          const payload = { owner: subject, files: 1 };
          const about = { ...projectOf(experiment.name), subject };
          await events.append(writer, cause, { type: 'import.files-stored', ...about, payload });
        },
      });
      return { digest, sizeBytes };
    },
    async missingTraceFiles(traceId, files) {
      const { root } = await rootOf(traceId);
      const missing: string[] = [];
      for (const { path, sizeBytes, digest } of files) {
        const here = await experiments.findFileAt(root, path);
        const isSame = here && (digest === undefined ? here.sizeBytes === sizeBytes : here.digest === digest);
        if (!isSame) missing.push(path);
      }
      return missing;
    },
  };
}

/** Spans that come later change nothing of a trace that has ended: its tracker has said what the whole is like. */
function headOf(trace: ForeignTrace): store.NewTrace {
  const { id, experimentId, startedAt, durationMs, status, metadata, spans } = trace;
  const text = (given: string | null) => (given === null ? null : storable(given));
  return {
    id,
    experimentId,
    startedAt,
    durationMs,
    status,
    name: spans.find((span) => span.parentId === null)?.name ?? null,
    clientRequestId: text(trace.clientRequestId),
    requestPreview: text(trace.requestPreview),
    responsePreview: text(trace.responsePreview),
    isFinalized: status === 'OK' || status === 'ERROR' || metadata.some(({ key }) => key === FINALIZED),
  };
}

function pairs(trace: number, targets: readonly string[]): [number, string][] {
  return targets.map((target) => [trace, target]);
}
