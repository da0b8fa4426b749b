import type { Logger } from 'pino';
import { messageOf } from '#kernel/errors';
import type { Span, SpanValue } from './tracer.ts';

export interface OtlpExporter {
  /** Sends them soon; drops them when too many wait. */
  take(spans: readonly Span[]): void;
  /** Of spans, since the start. */
  counts(): { readonly sent: number; readonly dropped: number };
  /** Sends what waits, at most this long. */
  stop(graceMs: number): Promise<void>;
}

export interface OtlpTarget {
  /** Of a collector that takes OTLP over HTTP: `/v1/traces` is added. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the spans are of, e.g. `service.name`. */
  readonly resource: Readonly<Record<string, SpanValue>>;
}

const MOST_WAITING = 8_192;
const MOST_AT_ONCE = 1_024;
const EVERY_MS = 2_000;
const TIMEOUT_MS = 10_000;
const WARN_EVERY_MS = 60_000;
const KINDS = { internal: 1, server: 2 } as const;
const ERROR = 2;

/** Sends spans as OTLP 1.x JSON over HTTP. A collector that is slow or away costs spans, never answers. */
export function createOtlpExporter(target: OtlpTarget, log: Pick<Logger, 'warn'>): OtlpExporter {
  const url = `${target.endpoint.replace(/\/+$/, '')}/v1/traces`;
  const waiting: Span[] = [];
  const counts = { sent: 0, dropped: 0 };
  let warnedAt = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  const timer = setInterval(() => void flush(), EVERY_MS);
  timer.unref();

  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const spans = waiting.splice(0, MOST_AT_ONCE);
      try {
        await send(spans);
        counts.sent += spans.length;
      } catch (error) {
        counts.dropped += spans.length;
        if (performance.now() - warnedAt < WARN_EVERY_MS) continue;
        warnedAt = performance.now();
        log.warn(`spans are dropped, since ${url} does not take them: ${messageOf(error)}`);
      }
    }
  }

  async function send(spans: readonly Span[]): Promise<void> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...target.headers, 'content-type': 'application/json' },
      body: JSON.stringify(otlpJson(spans, target.resource)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  }

  return {
    take(spans) {
      if (waiting.length + spans.length > MOST_WAITING) counts.dropped += spans.length;
      else waiting.push(...spans);
      if (waiting.length >= MOST_AT_ONCE) void flush();
    },
    counts: () => ({ ...counts }),
    async stop(graceMs) {
      clearInterval(timer);
      await Promise.race([flush(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    },
  };
}

/** The body of an ExportTraceServiceRequest in protobuf's JSON, as the OTLP specification writes it: ids in hexadecimal. */
function otlpJson(spans: readonly Span[], resource: OtlpTarget['resource']): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: 'capstan.serving' }, spans: spans.map(spanJson) }],
      },
    ],
  };
}

function spanJson(span: Span): object {
  const { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributesOf(attributes),
    status: error === undefined ? {} : { code: ERROR, message: error },
  };
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round((performance.timeOrigin + ms) * 1_000)) * 1_000n);
}

function attributesOf(attributes: Readonly<Record<string, SpanValue>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueJson(value) }));
}

function valueJson(value: SpanValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
