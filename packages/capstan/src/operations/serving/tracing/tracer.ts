import { randomBytes } from 'node:crypto';
import { DomainError } from '#kernel/errors';
import type { MetricFamily } from '#kernel/exposition';
import type { BatchFacts } from '../batching/batcher.ts';
import type { OtlpExporter } from './otlp-exporter.ts';
import { readTraceparent } from './traceparent.ts';

export type SpanValue = string | number | boolean;

/** One step of a request. Times are of `performance.now()`, in milliseconds. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** `server`: the request as its caller sees it. */
  readonly kind: 'server' | 'internal';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, SpanValue>>;
  readonly error: string | undefined;
}

/** The call as its protocol has it. */
export interface TracedCaller {
  readonly traceparent?: string | undefined;
  /** When it came, by `performance.now()`. */
  readonly startedAt?: number;
}

/** The spans of one request: of its reading, of the wait for each model and of its run, of the log. */
export interface RequestTrace {
  /** A route's model was asked at that time and has answered, in these batches. */
  ran(
    route: { readonly revision: number; readonly role: string },
    askedAt: number,
    batches: readonly BatchFacts[],
  ): void;
  /** The record was handed to the log at that time, and is there now. */
  logged(from: number): void;
  /** The request has been answered, or has failed. */
  end(facts: Readonly<Record<string, SpanValue>>, error?: unknown): void;
}

export interface Tracer {
  begin(name: string, caller: TracedCaller | undefined): RequestTrace;
  /** What became of spans; null where nobody takes any. */
  counts(): { readonly sent: number; readonly dropped: number } | null;
}

/** For requests that nobody records. */
export const NOT_TRACED: RequestTrace = { ran() {}, logged() {}, end() {} };
export const NO_TRACER: Tracer = { begin: () => NOT_TRACED, counts: () => null };

/**
 * Records requests whose caller does (`sampled` in its traceparent), and this share of the others.
 * @param share 0 to 1
 */
export function createTracer(share: number, exporter: Pick<OtlpExporter, 'take' | 'counts'>): Tracer {
  return {
    counts: exporter.counts,
    begin(name, caller) {
      const parent = readTraceparent(caller?.traceparent);
      // A caller that does not record its part has decided for the whole trace.
      const isWanted = parent ? parent.isSampled : share > 0 && Math.random() < share;
      if (!isWanted) return NOT_TRACED;
      return record(name, parent ?? { traceId: randomId(16), spanId: undefined }, caller?.startedAt, exporter.take);
    },
  };
}

const randomId = (bytes: number): string => randomBytes(bytes).toString('hex');

function record(
  name: string,
  parent: { readonly traceId: string; readonly spanId: string | undefined },
  cameAt: number | undefined,
  take: (spans: readonly Span[]) => void,
): RequestTrace {
  const begunAt = performance.now();
  const startMs = cameAt ?? begunAt;
  const { traceId } = parent;
  const spanId = randomId(8);
  const spans: Span[] = [];
  const step = (
    stepName: string,
    from: number,
    to: number,
    attributes: Span['attributes'] = {},
    parentSpanId = spanId,
  ): string => {
    const id = randomId(8);
    const at = { startMs: from, endMs: Math.max(from, to) };
    spans.push({
      traceId,
      spanId: id,
      parentSpanId,
      name: stepName,
      kind: 'internal',
      ...at,
      attributes,
      error: undefined,
    });
    return id;
  };
  if (cameAt !== undefined) step('read', cameAt, begunAt);
  return {
    ran({ revision, role }, askedAt, batches) {
      const route = { 'capstan.revision': revision, 'capstan.role': role };
      const parentId = step('model', askedAt, performance.now(), route);
      for (const { id, rows, own, startedAt, endedAt } of batches) {
        step('queue', askedAt, startedAt, {}, parentId);
        const facts = { 'capstan.batch': id, 'capstan.batch_rows': rows, 'capstan.rows': own };
        step('batch', startedAt, endedAt, facts, parentId);
      }
    },
    logged: (from) => void step('log', from, performance.now()),
    end(attributes, error) {
      const code = error instanceof DomainError ? error.code : 'INTERNAL';
      const root: Span = {
        traceId,
        spanId,
        parentSpanId: parent.spanId,
        name,
        kind: 'server',
        startMs,
        endMs: performance.now(),
        attributes: error === undefined ? attributes : { ...attributes, 'error.type': code },
        error: error === undefined ? undefined : code,
      };
      take([root, ...spans]);
    },
  };
}

/** For Prometheus; none where nothing is traced. */
export function spanFamilies(tracer: Tracer): MetricFamily[] {
  const counts = tracer.counts();
  if (counts === null) return [];
  const of = (name: string, help: string, value: number): MetricFamily => {
    return { name, help, type: 'counter', samples: [{ value }] };
  };
  return [
    of('capstan_spans_sent_total', 'Spans that the collector has taken', counts.sent),
    of('capstan_spans_dropped_total', 'Spans that the collector did not take in time', counts.dropped),
  ];
}
