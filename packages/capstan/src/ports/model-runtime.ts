/** Datatypes of the Open Inference Protocol v2 that Capstan serves. */
export const TENSOR_DATATYPES = [
  'BOOL',
  'UINT8',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'UINT16',
  'UINT32',
  'UINT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type TensorDatatype = (typeof TENSOR_DATATYPES)[number];

export type TensorData =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly string[];

/** Row-major values; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** `-1` in the shape is a dimension known only per request. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly shape: readonly number[];
  /** Whether a request may leave it out. */
  readonly isOptional?: boolean | undefined;
}

/** How long an answer is worth waiting for. */
export interface PredictOptions {
  /** Time of `performance.now()` at which nobody waits any more; work not begun by then is not begun. */
  readonly deadline?: number;
  /** Aborted when the caller is gone. */
  readonly signal?: AbortSignal;
  /** Told, before the answer, how long the computing alone took, where that is known: in a busy process answers come late. */
  readonly onComputed?: (ms: number) => void;
}

export interface ScoringOptions extends PredictOptions {
  /** Tell what was read and said as columns, for the prediction log. */
  readonly isRecorded?: boolean;
}

/** A column of a request or an answer: `width` JSON values a row, row-major. */
export interface ScoredColumn {
  readonly name: string;
  readonly width: number;
  readonly data: readonly (number | string | boolean | null)[];
}

/** A request of MLflow's scoring protocol, for a model that reads it by itself. */
export interface ScoringRequest {
  /** Content-Type as it came, `application/json` for example. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** What such a model answered; 4xx is the caller's fault, as MLflow's own server has it. */
export interface ScoringAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Rows of the request; 0 where it could not be read. */
  readonly rows: number;
  /** Where they were asked for; empty where the request or the model failed. */
  readonly inputs?: readonly ScoredColumn[];
  readonly outputs?: readonly ScoredColumn[];
}

export interface LoadedModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Names of the classes, by the output whose columns they are, where the model itself tells its probabilities as maps from
   * class to probability (ONNX's ZipMap): tensors hold none, and MLflow's protocol answers them.
   */
  readonly classLabels?: Readonly<Record<string, readonly string[]>>;
  /** The output that is no value of the model's but the name of each row in the prediction log, for whoever sends outcomes. */
  readonly rowIds?: string;
  /** Up to so many rows it computes in the thread that asks; more make it take more memory than it has, and are not worth warming. */
  readonly mostInlineRows?: number;
  /** Executions that run at once; more than that wait for each other. 1 where it is not said. */
  readonly instances?: number;
  /** Executions that it takes in beside those, to be computed one after the other; none where it is not said. */
  readonly queued?: number;
  /**
   * One execution. Inputs are by name, in any order; outputs come in the order of `outputs`.
   * @throws DomainError INVALID_ARGUMENT for missing or unknown inputs, wrong datatype, shape or length, naming the input;
   * DEADLINE_EXCEEDED, UNAVAILABLE
   */
  predict(inputs: readonly Tensor[], options?: PredictOptions): Promise<readonly Tensor[]>;
  /**
   * Answers requests of MLflow's scoring protocol in one execution where they can be taken together, each with an answer
   * of its own: one that cannot be answered harms none of the others. Only Python models have it.
   * @throws DomainError DEADLINE_EXCEEDED, UNAVAILABLE
   */
  score?(requests: readonly ScoringRequest[], options?: ScoringOptions): Promise<readonly ScoringAnswer[]>;
  /** False where rows that are asked together do not get what they get alone: such requests must not be joined. */
  readonly isBatchable?: boolean;
  /** Memory that it takes, as it was measured; 0 where that is not seen. */
  memoryBytes?(): number;
  /** What a person who watches it sees. Only models in processes of their own have it. */
  status?(): ModelStatus;
  close(): Promise<void>;
}

/** A process that a model is in. */
export interface WorkerStatus {
  /** Null while there is none. */
  readonly pid: number | null;
  /** `waiting`: for its turn to be started again. */
  readonly state: 'starting' | 'idle' | 'busy' | 'ending' | 'waiting';
  /** Resident memory with all that it started; 0 where that is not seen. */
  readonly memoryBytes: number;
  readonly restarts: number;
  /** Frames since the first start. */
  readonly answered: number;
  /** What the model printed last. */
  readonly lastLines: readonly string[];
}

export interface ModelStatus {
  /** `failing`: its processes die whatever is done, and it rests before it is tried anew. */
  readonly state: 'starting' | 'ready' | 'failing' | 'closed';
  readonly queued: number;
  readonly workers: readonly WorkerStatus[];
  /** Why a process ended last, and what it had printed. */
  readonly lastEnd: { readonly reason: string; readonly lines: readonly string[] } | null;
  readonly environment: {
    readonly python: string;
    readonly mlflow: string;
    /** Of an environment that was built; null for an interpreter that is used as it is. */
    readonly key: string | null;
  };
}

export interface LoadOptions {
  /**
   * Resolves when so many bytes may be taken, which is about what the model takes: asked once, before it takes them.
   * @throws DomainError which `load` throws in turn
   */
  reserve?(bytes: number): Promise<void>;
  /** What the model took when it was loaded before. */
  readonly expectedBytes?: number;
  /** Threads that one operator is spread over, for models that run in this process; default 1. */
  readonly intraOpThreads?: number;
  /**
   * Where a file of the model's own package is, by its path from the folder of the ONNX file; undefined where there is none.
   * Weights may lie in those that it knows, and nowhere else.
   */
  weightsFile?(location: string): Promise<string | undefined>;
  /** Processes, for models that have their own; default 1. */
  readonly workers?: number;
  /** Resident memory of a process with all that it starts. */
  readonly maxMemoryBytes?: number;
  /** The longest that a process may take for a request, where it is not the runtime's own. */
  readonly requestMs?: number;
  /** Lines on what is going on: an environment takes minutes once. */
  onProgress?(line: string): void;
  /** Lines that the model prints. */
  onLog?(line: string): void;
  readonly signal?: AbortSignal;
}

/** Loads model files of one kind. Contract: ports/model-runtime.contract.ts. */
export interface ModelRuntime {
  /** As in MLflow's flavors: `onnx`, `python_function`. */
  readonly flavor: string;
  /**
   * Loads the model (a file for `onnx`, MLflow's folder for `python_function`) after a trial load in a child process, so that a file which crashes the library harms nobody.
   * @throws DomainError INVALID_ARGUMENT with the library's reason when the file is no loadable model
   */
  load(path: string, options?: LoadOptions): Promise<LoadedModel>;
}
