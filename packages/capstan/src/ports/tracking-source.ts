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

export interface SourceFile {
  /** From the owner's root. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Changes when the bytes do, where the source can tell: a time of change. */
  readonly changed: string;
}

/** Whose files are meant. */
export interface FileOwner {
  readonly kind: 'run' | 'logged-model';
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
  /** Traces, which are not brought. */
  readonly traces: number | null;
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
  /** Every file of the owner. @throws DomainError UNAVAILABLE where they cannot be reached from here, saying what would help */
  files(owner: FileOwner): Promise<readonly SourceFile[]>;
  open(owner: FileOwner, file: SourceFile): Promise<Readable>;
  close(): Promise<void>;
}
