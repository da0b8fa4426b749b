// Another experiment tracker that Capstan reads from, as it is: read only, page by page, safe while it runs.
import type { Readable } from 'node:stream';
import type { Int64 } from '#kernel/int64';

export type Texts = Readonly<Record<string, string>>;

export interface SourceExperiment {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: 'active' | 'deleted';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Texts;
}

export interface SourceDataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  readonly tags: Texts;
}

/** A run without its points. */
export interface SourceRun {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly status: 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';
  readonly startTime: number;
  readonly endTime: number | null;
  readonly lifecycle: 'active' | 'deleted';
  readonly params: Texts;
  readonly tags: Texts;
  readonly datasets: readonly SourceDataset[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: Int64 }[];
  /** What its points come to: the same text, the same points. Cheaper to tell than the points themselves. */
  readonly pointsMark: string;
  readonly artifactUri: string;
}

/** Points of one metric: three lists of one length. NaN and infinities are values. */
export interface SourceSeries {
  readonly key: string;
  readonly steps: Int64[];
  readonly timestamps: Int64[];
  readonly values: number[];
}

/** Some of the points of a run. */
export interface RunPoints {
  readonly runId: string;
  readonly metrics: readonly SourceSeries[];
}

export interface SourceLoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly status: 'LOGGED_MODEL_PENDING' | 'LOGGED_MODEL_READY' | 'LOGGED_MODEL_UPLOAD_FAILED';
  readonly sourceRunId: string | null;
  readonly lifecycle: 'active' | 'deleted';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly params: Texts;
  readonly tags: Texts;
  readonly metrics: readonly (SourceSeries & {
    readonly runId: string;
    readonly datasetName: string;
    readonly datasetDigest: string;
  })[];
  readonly artifactUri: string;
}

export interface SourceVersion {
  readonly version: number;
  readonly source: string;
  /** Whose files it stands for, as far as its source says. */
  readonly files: { readonly owner: 'run' | 'logged-model'; readonly id: string; readonly path: string } | null;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
  readonly runLink: string | null;
  readonly description: string | null;
  readonly stage: 'None' | 'Staging' | 'Production' | 'Archived';
  readonly user: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Texts;
}

export interface SourceModel {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Texts;
  /** Greatest number ever given under the name, as far as the source knows. */
  readonly lastVersion: number;
  readonly versions: readonly SourceVersion[];
  readonly aliases: Readonly<Record<string, number>>;
}

/** Texts are JSON where they hold values: in those 1 and 1.0 are two, as in `#kernel/exact-json`. */
export interface SourceSpan {
  /** 16 hex digits. */
  readonly spanId: string;
  /** Null for the root. */
  readonly parentId: string | null;
  readonly name: string;
  readonly status: 'UNSET' | 'OK' | 'ERROR';
  readonly statusMessage: string;
  /** Nanoseconds since 1970, as decimal text. */
  readonly startNs: string;
  /** Null while it goes on. */
  readonly endNs: string | null;
  readonly attributes: Texts;
  readonly events: readonly { readonly name: string; readonly atNs: string; readonly attributes: Texts }[];
  /** Ids as hex digits. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Texts }[];
}

export interface SourceAssessment {
  readonly id: string;
  readonly kind: 'feedback' | 'expectation' | 'issue';
  readonly name: string;
  /** Any JSON. For an issue: its name. */
  readonly value: unknown;
  readonly error: {
    readonly code: string | null;
    readonly message: string | null;
    readonly stackTrace: string | null;
  } | null;
  readonly rationale: string | null;
  readonly sourceType: 'SOURCE_TYPE_UNSPECIFIED' | 'HUMAN' | 'LLM_JUDGE' | 'CODE';
  readonly sourceId: string | null;
  readonly spanId: string | null;
  readonly metadata: Texts;
  readonly overrides: string | null;
  readonly isValid: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A trace without its spans. */
export interface SourceTrace {
  readonly id: string;
  readonly experimentId: string;
  readonly clientRequestId: string | null;
  readonly requestPreview: string | null;
  readonly responsePreview: string | null;
  readonly startedAt: number;
  readonly durationMs: number | null;
  readonly status: 'STATE_UNSPECIFIED' | 'OK' | 'ERROR' | 'IN_PROGRESS';
  readonly tags: Texts;
  readonly metadata: Texts;
  readonly assessments: readonly SourceAssessment[];
  /** Ids of the runs, and `NAME/VERSION` of the prompts, that it is linked to. */
  readonly runs: readonly string[];
  readonly prompts: readonly string[];
  readonly artifactUri: string;
}

export interface TraceSpans {
  readonly traceId: string;
  readonly spans: readonly SourceSpan[];
  /** Whether spans name files that lie with the trace. */
  readonly hasFiles: boolean;
}

export interface SourceEvaluationDataset {
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  /** JSON objects. */
  readonly schema: string | null;
  readonly recordCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: string | null;
  readonly updatedBy: string | null;
  readonly tags: Texts;
  readonly experimentIds: readonly string[];
}

/** Values are JSON texts. */
export interface SourceRecord {
  readonly id: string;
  readonly inputs: string;
  readonly outputs: string | null;
  readonly expectations: string | null;
  readonly tags: string;
  /** A JSON object of `source_type` and `source_data`. */
  readonly source: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: string | null;
  readonly updatedBy: string | null;
}

export interface SourceScorer {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly versions: readonly {
    readonly version: number;
    /** JSON, as its client wrote it. */
    readonly serialized: string;
    readonly createdAt: number;
  }[];
}

export interface SourceFile {
  /** From the owner's root. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Changes when the bytes do, where the source can tell: a time of change. */
  readonly changed: string;
}

/** Whose files are meant. */
export interface FileOwner {
  readonly kind: 'run' | 'logged-model' | 'trace';
  readonly id: string;
  readonly artifactUri: string;
}

export interface SourceCounts {
  readonly experiments: number;
  readonly runs: number;
  /** Null where telling it would mean to read them all. */
  readonly points: number | null;
  readonly loggedModels: number | null;
  readonly registeredModels: number;
  readonly modelVersions: number | null;
  readonly traces: number | null;
  readonly evaluationDatasets: number | null;
  readonly scorers: number | null;
}

export interface TrackingSource {
  /** Names the source, without credentials: what was brought before is known by it. */
  readonly address: string;
  readonly kind: 'server' | 'database' | 'folder';
  /** What was looked for and not there: an older schema, unreadable parts. Grows as it is read. */
  readonly notes: readonly string[];
  /** Files are on this machine: their bytes can be read twice. */
  readonly hasLocalFiles: boolean;
  counts(experimentIds: readonly string[]): Promise<SourceCounts>;
  /** Deleted ones too. */
  experiments(): Promise<readonly SourceExperiment[]>;
  /** Runs of an experiment, deleted ones too, page by page. */
  runs(experimentId: string): AsyncIterable<readonly SourceRun[]>;
  /** The run with what a list of runs leaves out. */
  whole(run: SourceRun): Promise<SourceRun>;
  /** Points of runs, in pieces of bounded size; a long history comes in several. */
  points(runs: readonly SourceRun[]): AsyncIterable<RunPoints>;
  loggedModels(experimentId: string): AsyncIterable<readonly SourceLoggedModel[]>;
  registeredModels(): AsyncIterable<SourceModel>;
  /** Traces of an experiment, page by page. Called when all runs are known. */
  traces(experimentId: string): AsyncIterable<readonly SourceTrace[]>;
  /** The spans of traces, an empty list where there are none; nothing for a trace whose spans cannot be read from here. */
  spans(traces: readonly SourceTrace[]): AsyncIterable<TraceSpans>;
  evaluationDatasets(): AsyncIterable<SourceEvaluationDataset>;
  /** Records of an evaluation dataset, in the order in which they came, page by page. */
  records(datasetId: string): AsyncIterable<readonly SourceRecord[]>;
  scorers(experimentId: string): AsyncIterable<SourceScorer>;
  /** Every file of the owner. @throws DomainError UNAVAILABLE where they cannot be reached from here, saying what would help */
  files(owner: FileOwner): Promise<readonly SourceFile[]>;
  open(owner: FileOwner, file: SourceFile): Promise<Readable>;
  close(): Promise<void>;
}
