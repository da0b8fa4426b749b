import type {
  ContentHash,
  LockEntry,
  ParamOverrides,
  ParamTable,
  PipelineDefinition,
  StageParams,
} from '#kernel/pipeline-definition';

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
  /** Replaces entries in the lock file beside the pipeline file, by stage; the others stay. */
  writeLock(folder: string, entries: ReadonlyMap<string, LockEntry>, order?: readonly string[]): Promise<void>;
  /** Makes a folder one in which the format's own tool works. */
  adopt(folder: string): Promise<void>;
  /** Makes the bytes of a finished stage's outputs known to the format's own tool in an adopted folder. */
  shareOutputs(folder: string, outputs: readonly SharedOutput[]): Promise<void>;
  /** The hash of a folder with these files, as lock files have it. */
  folderHash(files: readonly Pick<HashedFile, 'path' | 'md5'>[]): string;
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
