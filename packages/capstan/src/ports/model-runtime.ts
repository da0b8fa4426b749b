/** Datatypes of the Open Inference Protocol v2 that Capstan serves. */
export type TensorDatatype =
  | 'BOOL'
  | 'UINT8'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

export type TensorData =
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
}

export interface LoadedModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * One execution. Inputs are by name, in any order; outputs come in the order of `outputs`.
   * @throws DomainError INVALID_ARGUMENT for missing or unknown inputs, wrong datatype, shape or length, naming the input
   */
  predict(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

/** Loads model files of one kind. Contract: ports/model-runtime.contract.ts. */
export interface ModelRuntime {
  /** As in MLflow's flavors: `onnx`, `python_function`. */
  readonly flavor: string;
  /**
   * Loads the model after a trial load in a child process, so that a file which crashes the library harms nobody.
   * @throws DomainError INVALID_ARGUMENT with the library's reason when the file is no loadable model
   */
  load(modelFile: string): Promise<LoadedModel>;
}
