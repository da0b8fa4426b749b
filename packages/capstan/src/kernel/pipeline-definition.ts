// Pipelines as they are declared in files, and what their lock files record. Pure.

/** Key of a map in a parameters file. */
export type ParamKey = string | bigint | number | boolean | null;

/**
 * A value of a parameters file. Whole numbers are `bigint`, so that no digit is lost; `number` is a float: `1` and `1.0`
 * are different values.
 */
export type ParamValue =
  | null
  | boolean
  | string
  | bigint
  | number
  | readonly ParamValue[]
  | ReadonlyMap<ParamKey, ParamValue>;

/** A file or folder that a stage reads. */
export interface StageInput {
  /** As written, relative to the stage's working directory. */
  readonly path: string;
  /** Relative to the folder of the pipeline file, with `/`; as written where it is outside. */
  readonly file: string;
  /** What it is instead of a file of the repository: an address, a declared dataset, or a path elsewhere. */
  readonly outside?: 'address' | 'dataset' | 'path';
}

/** A file or folder that a stage writes. */
export interface StageOutput extends StageInput {
  readonly kind: 'output' | 'metrics' | 'plots';
  /** False: meant for Git; its hash is recorded all the same. */
  readonly isCached: boolean;
  /** True: what the last run left is put back before the command runs. */
  readonly isPersistent: boolean;
  /** False: never goes to a remote. */
  readonly isPushed?: false;
  /** Name of the only remote it goes to. */
  readonly remote?: string;
  /** Ways of drawing it, for plots that say any. */
  readonly drawings?: readonly PlotDrawing[];
}

/** How the values of a plot are shown. */
export interface PlotDrawing {
  readonly template?: string;
  readonly x?: string;
  readonly y?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly title?: string;
  /** False: a table whose first row holds values. */
  readonly hasHeader?: boolean;
}

/** Values of a plot's axis: fields of a file, or of the file that the plot is named after. */
export interface PlotAxis {
  /** Relative to the folder of the pipeline file. */
  readonly file?: string;
  readonly fields: readonly string[];
}

/** A plot declared beside the stages. */
export interface Plot extends Omit<PlotDrawing, 'x' | 'y' | 'hasHeader'> {
  /** A file or folder, unless its axes name files. */
  readonly id: string;
  readonly x: readonly PlotAxis[];
  readonly y: readonly PlotAxis[];
}

/** A named file or folder, as a model registry shows it. Takes no part in running. */
export interface DeclaredArtifact extends StageInput {
  readonly name: string;
  readonly type?: string;
  readonly description?: string;
  readonly labels: readonly string[];
  readonly meta: ParamValue;
}

/** Data that stages may depend on by `ds://name`. */
export interface DeclaredDataset {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly path?: string;
  readonly rev?: string;
}

/** A parameters file, or some values of it, that a stage depends on. */
export interface StageParams extends StageInput {
  /** Dotted keys as written; null for the whole file. */
  readonly keys: readonly string[] | null;
}

/** By parameters file as written, then by key. */
export type ParamTable = ReadonlyMap<string, ReadonlyMap<ParamKey, ParamValue>>;

export interface Stage {
  readonly name: string;
  /** The name written in the file, for one of several stages made from it: `train` for `train@a`. */
  readonly group?: string;
  readonly description: string | undefined;
  /** As written, after templating: what the lock file keeps and what decides "the command changed". */
  readonly command: string | readonly string[];
  /** The command line by line; each runs in a shell of its own. */
  readonly lines: readonly string[];
  /** Relative to the folder of the pipeline file; `.` for that folder itself. */
  readonly workingDirectory: string;
  readonly inputs: readonly StageInput[];
  readonly params: readonly StageParams[];
  readonly outputs: readonly StageOutput[];
  /** Further files, inside outputs, whose numbers are metrics; relative to the folder of the pipeline file. */
  readonly metricsFiles: readonly string[];
  /** Never run: its last outputs are used whatever has changed. */
  readonly isFrozen: boolean;
  /** Run every time: declared so, or it has neither inputs nor outputs. */
  readonly isAlwaysRun: boolean;
  /** What its author keeps about it, as written; absent where nothing is. */
  readonly meta?: ParamValue;
}

/** A pipeline as declared, templating done. Stages are in the order of the file. */
export interface PipelineDefinition {
  readonly stages: readonly Stage[];
  readonly plots: readonly Plot[];
  readonly artifacts: readonly DeclaredArtifact[];
  readonly datasets: readonly DeclaredDataset[];
  /** Metrics files named beside the stages. */
  readonly metrics: readonly StageInput[];
  /** Parameters files that are shown besides those that stages depend on. */
  readonly params: readonly StageInput[];
}

/** Values to use instead of those in the parameters files: by file (relative to the pipeline file), then dotted key. */
export type ParamOverrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Content of a file or folder, in the pipeline format's own hash. */
export interface ContentHash {
  /** For a folder it ends in `.dir`. */
  readonly md5: string;
  readonly sizeBytes: number;
  /** Number of files, for a folder. */
  readonly fileCount?: number;
  readonly isExecutable?: true;
}

export interface LockedFile extends ContentHash {
  readonly path: string;
}

/** What a finished stage was made from and what it made: one entry of the lock file. */
export interface LockEntry {
  readonly command: string | readonly string[];
  readonly inputs: readonly LockedFile[];
  readonly params: ParamTable;
  readonly outputs: readonly LockedFile[];
}
