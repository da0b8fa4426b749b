import type { Reader } from '#database';
import { invalid } from '#kernel/errors';
import { assessmentsOf } from './assessments/assessment.store.ts';
import type { TracesDeps } from './deps.ts';
import { IN_STORE, SIZE_STATS, SPANS_LOCATION_TAG, type Trace, type TraceInfo } from './model.ts';
import { noTrace } from './refusals.ts';
import { spansOf } from './spans/span.store.ts';
import * as store from './trace.store.ts';

const MOST_TRACES = 500;

export interface ReadUseCases {
  /** @throws DomainError NOT_FOUND */
  getTraceInfo(id: string): Promise<TraceInfo>;
  /** Those of the ids that exist (in one of the experiments, where any are named), in the order asked. */
  getTraceInfos(ids: readonly string[], experimentIds?: readonly string[]): Promise<readonly TraceInfo[]>;
  /** With the spans that have come. @throws DomainError NOT_FOUND */
  getTrace(id: string): Promise<Trace>;
  /** Those of the ids that exist and whose spans have all come to this store, in the order asked. */
  getWholeTraces(ids: readonly string[], experimentIds?: readonly string[]): Promise<readonly Trace[]>;
  /** Runs and prompt versions that a trace is linked to. */
  getTraceLinks(id: string): Promise<readonly { readonly kind: 'run' | 'prompt'; readonly target: string }[]>;
}

/** Adds tags, metadata and assessments to traces, in a few queries however many there are. */
export async function infosOf(reader: Reader, heads: readonly store.TraceHead[]): Promise<TraceInfo[]> {
  const keys = heads.map((head) => head.key);
  const tags = await store.textsOf(reader, 'trace_tags', keys);
  const metadata = await store.textsOf(reader, 'trace_metadata', keys);
  const assessments = await assessmentsOf(reader, heads);
  return heads.map(({ key, isFinalized: _f, sessionId: _s, hasUsage: _u, hasCost: _c, ...facts }) => ({
    ...facts,
    tags: tags.get(key) ?? [],
    metadata: metadata.get(key) ?? [],
    assessments: assessments.get(key) ?? [],
  }));
}

/** Whether all spans are here that the client counted; without a count, any. */
export function isWhole({ info, spans }: Trace): boolean {
  const isHere = info.tags.some(({ key, value }) => key === SPANS_LOCATION_TAG && value === IN_STORE);
  return isHere && spans.length > 0 && spans.length >= countedSpans(info);
}

function countedSpans({ metadata }: TraceInfo): number {
  const json = metadata.find(({ key }) => key === SIZE_STATS)?.value;
  return Number(/"num_spans":\s*(\d{1,9})/.exec(json ?? '')?.[1] ?? 0);
}

export function readUseCases({ database }: TracesDeps): ReadUseCases {
  const reader = database.read;

  async function headsOf(ids: readonly string[], experimentIds?: readonly string[]): Promise<store.TraceHead[]> {
    if (ids.length > MOST_TRACES) {
      throw invalid(`At most ${MOST_TRACES} traces are read at once, got ${ids.length}`, { field: 'trace_ids' });
    }
    const found = new Map((await store.findTraces(reader, ids)).map((head) => [head.id, head]));
    return [...new Set(ids)].flatMap((id) => {
      const head = found.get(id);
      return head && (experimentIds?.includes(head.experimentId) ?? true) ? [head] : [];
    });
  }

  async function withSpans(heads: readonly store.TraceHead[]): Promise<Trace[]> {
    const infos = await infosOf(reader, heads);
    const spans = await spansOf(
      reader,
      heads.map((head) => head.key),
    );
    return heads.flatMap(({ key }, index) => {
      const info = infos[index];
      return info ? [{ info, spans: spans.get(key) ?? [] }] : [];
    });
  }

  return {
    async getTraceInfo(id) {
      const [info] = await infosOf(reader, await headsOf([id]));
      if (!info) throw noTrace(id);
      return info;
    },
    getTraceInfos: async (ids, experimentIds) => await infosOf(reader, await headsOf(ids, experimentIds)),
    async getTrace(id) {
      const [trace] = await withSpans(await headsOf([id]));
      if (!trace) throw noTrace(id);
      return trace;
    },
    getWholeTraces: async (ids, experimentIds) => (await withSpans(await headsOf(ids, experimentIds))).filter(isWhole),
    async getTraceLinks(id) {
      const head = await store.findTrace(reader, id);
      if (!head) throw noTrace(id);
      return await store.linksOf(reader, head.key);
    },
  };
}
