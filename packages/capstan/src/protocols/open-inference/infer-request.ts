import type { ReceivedTensor } from '#operations/serving';

/** An inference request, whichever form it came in. */
export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: readonly ReceivedTensor[];
  /** Undefined for all. */
  readonly outputs: readonly AskedOutput[] | undefined;
  /** Of outputs that are not asked for by name: as bytes behind the JSON. */
  readonly isBinaryByDefault: boolean;
}

export interface AskedOutput {
  readonly name: string;
  /** Undefined where the request's default holds. */
  readonly isBinary: boolean | undefined;
}
