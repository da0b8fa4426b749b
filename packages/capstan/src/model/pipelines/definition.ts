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

/** A folder's files; for a plain file one entry whose path is empty. */
export interface HashedFile {
  /** Relative to what was hashed, with `/`. */
  readonly path: string;
  readonly md5: string;
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
}

export interface HashedContent {
  readonly hash: ContentHash;
  readonly files: readonly HashedFile[];
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

/**
 * A way of writing pipelines in files. Owned here, implemented in protocols/, joined in app.ts. Every method that gets a
 * `folder` works in the folder of the pipeline file.
 */
export interface PipelineFormat {
  /** Name of the pipeline file, in the project's folder. */
  readonly fileName: string;
  /**
   * Reads and checks a pipeline as it is with `overrides`, whether they have been written yet or not. What a caller gives
   * must not become shell code where the pipeline puts it into a command: such values are refused.
   * @throws DomainError INVALID_ARGUMENT naming `file:line:column`, or NOT_IMPLEMENTED naming the key not offered yet
   */
  read(folder: string, overrides?: ParamOverrides): Promise<PipelineDefinition>;
  /**
   * Writes overriding values into the parameters files, keeping their comments.
   * @throws DomainError INVALID_ARGUMENT when a file or key does not exist or a type differs
   */
  overrideParams(folder: string, overrides: ParamOverrides): Promise<void>;
  /**
   * The values a stage depends on, as they are now.
   * @throws DomainError INVALID_ARGUMENT naming the file or the keys that are missing
   */
  readParams(folder: string, params: readonly StageParams[]): Promise<ParamTable>;
  /** @throws DomainError NOT_FOUND when there is nothing at the path, INVALID_ARGUMENT for a broken link in it */
  hash(path: string, memory: HashMemory): Promise<HashedContent>;
  /** Key under which results are remembered: SHA-256 over command, inputs, params and the outputs' paths. */
  resultKey(entry: LockEntry): string;
  encodeEntry(entry: LockEntry): string;
  decodeEntry(text: string): LockEntry;
  /** Replaces one stage's entry in the lock file beside the pipeline file; the others stay. */
  writeLock(folder: string, stage: string, entry: LockEntry): Promise<void>;
  /** Makes a folder one in which the format's own tool works. */
  adopt(folder: string): Promise<void>;
  /** Makes the bytes of a finished stage's outputs known to the format's own tool in an adopted folder. */
  shareOutputs(folder: string, outputs: readonly SharedOutput[]): Promise<void>;
  /** The numbers of a metrics file, nested names joined by dots. Other values are left out. */
  readMetrics(path: string): Promise<ReadonlyMap<string, number>>;
}

/** Files hashed before, by what the file system says of them, so that a large one is read once in a run. */
export type HashMemory = Map<string, string>;

export interface SharedOutput {
  readonly content: HashedContent;
  /** A read-only file with the bytes of one file of the content, by its path there. */
  localFile(path: string): Promise<string>;
}
