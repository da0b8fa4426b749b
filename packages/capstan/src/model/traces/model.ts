// Words and rules of traces, as MLflow means them. Pure.
import type { KeyValue } from '#model/experiments';
import type { AttributeValue } from '#kernel/exact-json';

export const traceStatuses = ['STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS'] as const;
export type TraceStatus = (typeof traceStatuses)[number];

export const spanStatuses = ['UNSET', 'OK', 'ERROR'] as const;
export type SpanStatus = (typeof spanStatuses)[number];

export const assessmentSources = ['SOURCE_TYPE_UNSPECIFIED', 'HUMAN', 'LLM_JUDGE', 'CODE'] as const;
export type AssessmentSource = (typeof assessmentSources)[number];

export type Attributes = ReadonlyMap<string, AttributeValue>;

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly atNs: bigint;
  readonly attributes: Attributes;
}

export interface SpanLink {
  /** Hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

interface SpanBasics {
  /** 16 hex digits. */
  readonly spanId: string;
  /** Null for the root. */
  readonly parentId: string | null;
  readonly name: string;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  /** Nanoseconds since 1970. */
  readonly startNs: bigint;
  /** Null while it goes on. */
  readonly endNs: bigint | null;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

/** A span as OpenTelemetry sends it. */
export interface SentSpan extends SpanBasics {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly attributes: Attributes;
  /** Of whoever sent it: `service.name` and the like. */
  readonly resource: Attributes;
}

/** A span as it is kept. */
export interface Span extends SpanBasics {
  /** MLflow's kind of step: LLM, TOOL, RETRIEVER …; null where nobody says. */
  readonly type: string | null;
  /** JSON text of each value, which tells 1 from 1.0. */
  readonly attributes: ReadonlyMap<string, string>;
}

export type AssessmentKind = 'feedback' | 'expectation' | 'issue';

export interface AssessmentError {
  readonly code: string | null;
  readonly message: string | null;
  readonly stackTrace: string | null;
}

export interface Assessment {
  /** `a-` and 32 hex digits. */
  readonly id: string;
  readonly traceId: string;
  readonly kind: AssessmentKind;
  readonly name: string;
  /** Any JSON. For an issue: its name. */
  readonly value: unknown;
  readonly error: AssessmentError | null;
  readonly rationale: string | null;
  readonly source: { readonly type: AssessmentSource; readonly id: string | null };
  /** The step it is about; null for the whole. */
  readonly spanId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Id of the one it stands in for. */
  readonly overrides: string | null;
  /** False once another one stands in for it. */
  readonly isValid: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A trace without its spans. */
export interface TraceInfo {
  /** `tr-` and 32 hex digits. */
  readonly id: string;
  readonly experimentId: string;
  /** By its tag, else that of its root span; null while neither has come. */
  readonly name: string | null;
  readonly clientRequestId: string | null;
  readonly requestPreview: string | null;
  readonly responsePreview: string | null;
  readonly startedAt: number;
  readonly durationMs: number | null;
  readonly status: TraceStatus;
  /** Sorted by key. */
  readonly tags: readonly KeyValue[];
  readonly metadata: readonly KeyValue[];
  readonly assessments: readonly Assessment[];
}

export interface Trace {
  readonly info: TraceInfo;
  /** The root first, then by start. */
  readonly spans: readonly Span[];
}

/** Tags with a meaning. */
export const NAME_TAG = 'mlflow.traceName';
export const ARTIFACT_LOCATION_TAG = 'mlflow.artifactLocation';
export const SPANS_LOCATION_TAG = 'mlflow.trace.spansLocation';
/** What the tag above says where spans are kept here: clients then ask for them instead of for a file. */
export const IN_STORE = 'TRACKING_STORE';

/** Metadata with a meaning. */
export const SOURCE_RUN = 'mlflow.sourceRun';
export const SESSION = 'mlflow.trace.session';
export const USER = 'mlflow.trace.user';
export const TOKEN_USAGE = 'mlflow.trace.tokenUsage';
export const COST = 'mlflow.trace.cost';
export const FINALIZED = 'mlflow.trace.infoFinalized';
export const SIZE_STATS = 'mlflow.trace.sizeStats';

/** Attributes of spans with a meaning. */
export const spanKeys = {
  traceId: 'mlflow.traceRequestId',
  type: 'mlflow.spanType',
  inputs: 'mlflow.spanInputs',
  outputs: 'mlflow.spanOutputs',
  usage: 'mlflow.chat.tokenUsage',
  tools: 'mlflow.chat.tools',
  cost: 'mlflow.llm.cost',
  model: 'mlflow.llm.model',
  provider: 'mlflow.llm.provider',
  tagPrefix: 'mlflow.traceTag.',
} as const;

/** File of a trace in which clients keep its spans where the server does not. */
export const TRACE_FILE = 'traces.json';

/** MLflow's id of a trace, from OpenTelemetry's. */
export function traceIdOf(hex: string): string {
  return `tr-${hex}`;
}

/** How long a trace was under way, as far as its spans tell: whole milliseconds, as MLflow counts them. */
export function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
