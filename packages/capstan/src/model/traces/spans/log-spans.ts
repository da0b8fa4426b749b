import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { ARTIFACT_SCHEME, projectOf, type Experiment, type KeyValue } from '#model/experiments';
import { plainText, writeValue } from '#kernel/exact-json';
import type { TracesDeps } from '../deps.ts';
import {
  ARTIFACT_LOCATION_TAG,
  COST,
  IN_STORE,
  SESSION,
  SPANS_LOCATION_TAG,
  TOKEN_USAGE,
  USER,
  millisecondsOf,
  spanKeys,
  traceIdOf,
  type Attributes,
  type SentSpan,
  type TraceStatus,
} from '../model.ts';
import { checkedMetadata, checkedTag, refuseDeletedExperiment } from '../refusals.ts';
import * as store from '../trace.store.ts';
import { previewOf } from './preview.ts';
import { putSpans, usageOf } from './span.store.ts';
import { textAt, translateSpan, type TranslatedSpan } from './translate.ts';
import { costKeys, sumUsage, tokenKeys } from './usage.ts';

export interface LogSpansUseCases {
  /**
   * Stores spans, all or none, and makes or completes their traces: status, times, previews, tokens and costs, unless a
   * client has said already what the whole trace is like. A repeated call changes nothing. A trace that is there stays in
   * its experiment. With a run, traces whose root span is among them are linked to it.
   * @throws DomainError NOT_FOUND for the experiment or run, CONFLICT when the experiment is deleted
   */
  logSpans(input: {
    readonly experimentId: string;
    readonly spans: readonly SentSpan[];
    readonly runId?: string | undefined;
    readonly cause: Cause;
  }): Promise<void>;
}

/** Where files of a trace lie. */
export function traceRoot({ artifactLocation }: Experiment, traceId: string): string {
  return `${artifactLocation.slice(ARTIFACT_SCHEME.length)}/traces/${traceId}/artifacts`;
}

export function locationTag(experiment: Experiment, traceId: string): KeyValue {
  return { key: ARTIFACT_LOCATION_TAG, value: ARTIFACT_SCHEME + traceRoot(experiment, traceId) };
}

/** One trace's share of a call. */
interface Share {
  readonly id: string;
  readonly spans: readonly TranslatedSpan[];
  readonly resource: Attributes;
}

export function logSpansUseCases({ database, events, experiments }: TracesDeps): LogSpansUseCases {
  const { dialect } = database;

  async function write(writer: Writer, share: Share, known: store.TraceHead | undefined, experiment: Experiment) {
    const told = factsOf(share.spans);
    const head = known ?? (await create(writer, share, told, experiment));
    await putSpans(dialect, writer, head.key, share.spans);
    if (known) await store.updateTrace(writer, known.key, changeOf(known, told));
    const sums = await sumsOf(writer, head, share.spans);
    const metadata = await metadataOf(writer, head, share.spans);
    await store.putMetadata(dialect, writer, head.key, [...sums, ...metadata].map(checkedMetadata));
    await store.putTags(dialect, writer, head.key, [
      ...resourceTags(share.resource),
      ...rootTags(told.root),
      { key: SPANS_LOCATION_TAG, value: IN_STORE },
    ]);
    return head.key;
  }

  async function create(writer: Writer, share: Share, told: SpanFacts, experiment: Experiment) {
    const trace = {
      id: share.id,
      experimentId: experiment.id,
      name: told.root?.name ?? null,
      clientRequestId: null,
      requestPreview: told.requestPreview ?? null,
      responsePreview: told.responsePreview ?? null,
      startedAt: told.startedAt,
      durationMs: told.endedAt === null ? null : told.endedAt - told.startedAt,
      status: told.status ?? ('IN_PROGRESS' as const),
      isFinalized: false,
    };
    const key = await store.insertTrace(writer, trace);
    await store.putTags(dialect, writer, key, [locationTag(experiment, share.id)]);
    return { ...trace, key, sessionId: null, hasUsage: false, hasCost: false };
  }

  /** Sums over all spans of the trace: a parent that reports for its children may come after them. */
  async function sumsOf(writer: Writer, head: store.TraceHead, spans: readonly TranslatedSpan[]): Promise<KeyValue[]> {
    const wantsUsage = spans.some((span) => span.usage) && !(head.isFinalized && head.hasUsage);
    const wantsCost = spans.some((span) => span.cost) && !(head.isFinalized && head.hasCost);
    if (!wantsUsage && !wantsCost) return [];
    const nodes = await usageOf(writer, head.key);
    return [
      ...(wantsUsage ? sumEntry(TOKEN_USAGE, sumUsage(nodes.tokens, tokenKeys), true) : []),
      ...(wantsCost ? sumEntry(COST, sumUsage(nodes.costs, costKeys), false) : []),
    ];
  }

  /** Session and user, unless the trace has them. */
  async function metadataOf(writer: Writer, head: store.TraceHead, spans: readonly TranslatedSpan[]) {
    const session = firstText(spans, 'session.id', 'gen_ai.conversation.id');
    const user = firstText(spans, 'user.id');
    const known = user === undefined ? undefined : await store.textsOf(writer, 'trace_metadata', [head.key]);
    const hasUser = known?.get(head.key)?.some(({ key }) => key === USER) ?? false;
    return [
      ...(session !== undefined && head.sessionId === null ? [{ key: SESSION, value: session }] : []),
      ...(user !== undefined && !hasUser ? [{ key: USER, value: user }] : []),
    ];
  }

  return {
    async logSpans({ experimentId, spans, runId, cause }) {
      const experiment = await experiments.getExperiment(experimentId);
      refuseDeletedExperiment(experiment);
      const run = runId === undefined ? undefined : await experiments.getRun(runId);
      const shares = sharesOf(spans);
      if (shares.length === 0) return;
      await database.write(async (writer) => {
        const heads = await store.findTraces(
          writer,
          shares.map((share) => share.id),
        );
        const known = new Map(heads.map((head) => [head.id, head]));
        for (const share of shares) {
          const key = await write(writer, share, known.get(share.id), experiment);
          const hasRoot = share.spans.some((span) => span.parentId === null);
          if (run && hasRoot) await store.insertLinks(dialect, writer, 'run', [[key, run.id]]);
        }
        await events.append(writer, cause, {
          type: 'traces.logged',
          ...projectOf(experiment.name),
          subject: `experiment:${experiment.id}`,
          payload: { traces: shares.length, spans: spans.length },
        });
      });
    },
  };
}

function sharesOf(sent: readonly SentSpan[]): Share[] {
  const byTrace = Map.groupBy(sent, (span) => span.traceId);
  return Array.from(byTrace, ([traceId, spans]) => ({
    id: traceIdOf(traceId),
    spans: spans.map(translateSpan),
    resource: spans.find((span) => span.resource.size > 0)?.resource ?? new Map(),
  }));
}

/** What spans of one call tell of their trace. */
interface SpanFacts {
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly root: TranslatedSpan | undefined;
  readonly status: TraceStatus | undefined;
  readonly requestPreview: string | undefined;
  readonly responsePreview: string | undefined;
}

function factsOf(spans: readonly TranslatedSpan[]): SpanFacts {
  const starts = spans.map((span) => millisecondsOf(span.startNs));
  const ends = spans.flatMap((span) => (span.endNs === null ? [] : [millisecondsOf(span.endNs)]));
  const root = spans.find((span) => span.parentId === null);
  const inputs = root?.attributes.get(spanKeys.inputs);
  const outputs = root?.attributes.get(spanKeys.outputs);
  return {
    startedAt: starts.reduce((least, start) => Math.min(least, start), Infinity),
    endedAt: ends.length === 0 ? null : ends.reduce((greatest, end) => Math.max(greatest, end)),
    root,
    status: root && (root.status === 'ERROR' ? 'ERROR' : 'OK'),
    requestPreview: inputs && previewOf(inputs, 'user'),
    responsePreview: outputs && previewOf(outputs, 'assistant'),
  };
}

function changeOf(known: store.TraceHead, told: SpanFacts): store.TraceChange {
  const isOpen = known.status === 'IN_PROGRESS' || known.status === 'STATE_UNSPECIFIED';
  const startedAt = Math.min(known.startedAt, told.startedAt);
  const endedAt = Math.max(
    known.durationMs === null ? -Infinity : known.startedAt + known.durationMs,
    told.endedAt ?? -Infinity,
  );
  return {
    ...(isOpen && { status: told.status }),
    ...(known.name === null && { name: told.root?.name }),
    ...(known.requestPreview === null && { requestPreview: told.requestPreview }),
    ...(known.responsePreview === null && { responsePreview: told.responsePreview }),
    ...(!known.isFinalized && {
      startedAt,
      durationMs: Number.isFinite(endedAt) ? endedAt - startedAt : undefined,
    }),
  };
}

/** The sum as clients read it: JSON with Python's separators, token counts whole. */
function sumEntry(key: string, sums: Readonly<Record<string, number>> | null, isCount: boolean): KeyValue[] {
  if (sums === null) return [];
  const entries = Object.entries(sums).map(([name, amount]): [string, number | bigint] => [
    name,
    isCount ? BigInt(Math.round(amount)) : amount,
  ]);
  return [{ key, value: writeValue(new Map(entries)) }];
}

function firstText(spans: readonly TranslatedSpan[], ...keys: readonly string[]): string | undefined {
  for (const span of spans) {
    for (const key of keys) {
      const json = span.attributes.get(key);
      if (json !== undefined && json !== '""') return textAt(span.attributes, key) ?? json;
    }
  }
  return undefined;
}

/** What the sender says of itself, but for its library and names that are MLflow's. */
function resourceTags(resource: Attributes): KeyValue[] {
  return [...resource].flatMap(([key, value]) => {
    if (key.startsWith('telemetry.sdk.') || key.startsWith('mlflow.')) return [];
    return storableTag(key, typeof value === 'string' ? value : writeValue(value));
  });
}

/** Tags that a client sends as attributes of the root. */
function rootTags(root: TranslatedSpan | undefined): KeyValue[] {
  return [...(root?.attributes ?? [])].flatMap(([name, json]) => {
    if (!name.startsWith(spanKeys.tagPrefix)) return [];
    const key = name.slice(spanKeys.tagPrefix.length);
    return key === SPANS_LOCATION_TAG || key === ARTIFACT_LOCATION_TAG ? [] : storableTag(key, plainText(json));
  });
}

/** Nothing for a key that no tag can have: a trace is not lost for it. */
function storableTag(key: string, value: string): KeyValue[] {
  try {
    return [checkedTag({ key, value })];
  } catch {
    return [];
  }
}
