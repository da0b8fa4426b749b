import { DomainError } from '#kernel/errors';
import type { LoadedModel, Tensor, TensorSpec } from '#ports/model-runtime';

/** What a model file turned out to be. */
export interface OpenedModel {
  /** Hex SHA-256 of the bytes that were opened, weights included. */
  readonly sha256: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** See `LoadedModel`. */
  readonly classLabels?: LoadedModel['classLabels'];
  /** Names of all operators in it. */
  readonly operators: readonly string[];
}

/** How a model did with zeros in its trial. */
export interface Rehearsal {
  /** Opening it. */
  readonly openMs: number;
  /** The fastest execution with one row, and with `manyRows`; infinite where there was none that went well. */
  readonly oneRowMs: number;
  readonly manyRowsMs: number;
  readonly manyRows: number;
  /** What the process has taken since it opened the model, what it needs for a full batch included; 0 where that is not seen. */
  readonly memoryBytes: number;
}

/** What a host of one model can be asked, in this order: open once, then the others. */
export interface HostCalls {
  /** With `sha256` only bytes with that digest are opened: those that were tried. */
  open: {
    readonly request: {
      file: string;
      maxModelBytes: number;
      intraOpThreads: number;
      /** Files that its weights lie in, by the names that it has for them. */
      weights?: Readonly<Record<string, string>>;
      sha256?: string;
      /** Only in a process of its own can be seen what the model takes. */
      isMeasured?: boolean;
    };
    readonly reply: OpenedModel;
  };
  /** Runs rows of zeros. An error of the model is none here: only whether it comes back at all, and when. */
  rehearse: { readonly request: { manyRows: number }; readonly reply: Rehearsal };
  predict: { readonly request: { inputs: readonly Tensor[] }; readonly reply: readonly Tensor[] };
  close: { readonly request: Record<never, never>; readonly reply: true };
}

export type HostMethod = keyof HostCalls;

export type HostRequest = {
  [Method in HostMethod]: { readonly id: number; readonly method: Method } & HostCalls[Method]['request'];
}[HostMethod];

export type HostReply =
  | { readonly id: number; readonly result: HostCalls[HostMethod]['reply']; readonly computedMs?: number }
  | { readonly id: number; readonly failure: HostFailure };

/** A DomainError as plain data, since classes do not survive the way between threads. */
export type HostFailure = Pick<DomainError, 'code' | 'message' | 'field' | 'hint'>;

export function toFailure(error: unknown): HostFailure {
  if (error instanceof DomainError) {
    return { code: error.code, message: error.message, field: error.field, hint: error.hint };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message, field: undefined, hint: undefined };
}

export function toError({ code, message, field, hint }: HostFailure): DomainError {
  return new DomainError(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(hint === undefined ? {} : { hint }),
  });
}
