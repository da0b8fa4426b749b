import type { PredictionRecord, RecordedColumn, RecordedPart } from '@capstan/api';
import type { Tensor, TensorData, TensorDatatype } from '#ports/model-runtime';
import { widthOf } from './model-facts.ts';
import type { ReceivedTensor } from './request.ts';

/** The inputs as columns, as they came: the JSON of a list of `RecordedColumn`. */
export function columnsJson(inputs: readonly ReceivedTensor[]): string {
  return `[${inputs.map(columnJson).join(',')}]`;
}

function columnJson({ name, datatype, shape, data, written, writtenJson }: ReceivedTensor): string {
  const values = writtenJson ?? JSON.stringify(written ?? recordedValues(datatype, data));
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","width":${widthOf(shape)},"data":${values}}`;
}

function recordedValues(datatype: TensorDatatype, data: TensorData): RecordedColumn['data'] {
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, Boolean);
  return Array.from(data as ArrayLike<number | bigint | string>, (value) => {
    return typeof value === 'bigint' ? recordedInteger(value) : value;
  });
}

/** A 64-bit integer as the log has it: past 2^53, where a JSON number would lose digits, as text. */
function recordedInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/**
 * A line of a segment.
 * @param inputs the columns as JSON, in the place of those of the record: most of a line, and often as the caller wrote it
 */
export function recordLine(record: PredictionRecord, inputs?: string): string {
  if (inputs === undefined) return `${JSON.stringify(record)}\n`;
  const { inputs: _, ...rest } = record;
  return `${JSON.stringify(rest).slice(0, -1)},"inputs":${inputs}}\n`;
}

/** What a model said, as columns. */
function recordedColumns(outputs: readonly Tensor[]): RecordedColumn[] {
  return outputs.map(({ name, datatype, shape, data }) => ({
    name,
    datatype,
    width: widthOf(shape),
    data: recordedValues(datatype, data),
  }));
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
