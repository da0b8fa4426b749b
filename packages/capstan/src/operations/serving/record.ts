import type { PredictionRecord, RecordedColumn, RecordedPart } from '@capstan/api';
import { widthOf } from './model-facts.ts';
import type { Tensor } from '#ports/model-runtime';
import type { ReceivedTensor } from './request.ts';

/** The inputs as columns, as they came. */
export function recordedColumns(inputs: readonly ReceivedTensor[]): RecordedColumn[] {
  return inputs.map(({ name, datatype, shape, data, written }) => ({
    name,
    datatype,
    width: widthOf(shape),
    data:
      (written as RecordedColumn['data'] | undefined) ??
      Array.from(data as ArrayLike<number | bigint | string>, toJson),
  }));
}

/** 64-bit integers came as JSON numbers, which are exact up to 2^53: larger ones have been refused. */
function toJson(value: number | bigint | string): number | string {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** A line of a segment. */
export function recordLine(record: PredictionRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** What a model's failure is called in the log: one line, without what the caller sent. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, MAX_ERROR_LENGTH);
}

const MAX_ERROR_LENGTH = 300;

export function partOf(
  assignment: Pick<RecordedPart, 'role' | 'share'> & { readonly rows: readonly number[] | null },
  revision: {
    readonly revision: number;
    readonly modelVersion: number;
    readonly threshold: number;
    readonly shift: number;
  },
  result: {
    readonly probabilities: Float64Array | null;
    readonly outputs: readonly Tensor[] | null;
    readonly error: string | null;
    readonly latencyUs: number;
  },
): RecordedPart {
  return {
    role: assignment.role,
    revision: revision.revision,
    modelVersion: revision.modelVersion,
    share: assignment.share,
    threshold: revision.threshold,
    rows: assignment.rows === null ? null : [...assignment.rows],
    shift: revision.shift,
    probabilities: result.probabilities === null ? null : Array.from(result.probabilities),
    outputs: result.outputs === null ? null : recordedColumns(result.outputs),
    error: result.error,
    latencyUs: result.latencyUs,
  };
}
