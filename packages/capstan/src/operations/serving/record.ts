import type { PredictionRecord, RecordedColumn, RecordedPart } from '@capstan/api';
import type { Tensor, TensorData, TensorDatatype } from '#ports/model-runtime';
import { widthOf } from './model-facts.ts';
import { floatsJson, isFloats } from './numbers-json.ts';
import type { ReceivedTensor } from './request.ts';

/** The inputs as columns, as they came: the JSON of a list of `RecordedColumn`. */
function columnsJson(inputs: readonly ReceivedTensor[], redacted: readonly string[]): string {
  return `[${inputs.map((input) => columnJson(input, redacted)).join(',')}]`;
}

function columnJson(input: ReceivedTensor, redacted: readonly string[]): string {
  const { name, datatype, shape, data, written, writtenJson } = input;
  const values = redacted.includes(name)
    ? nullsJson(data.length)
    : (writtenJson ?? (written ? JSON.stringify(written) : valuesJson(datatype, data)));
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","width":${widthOf(shape)},"data":${values}}`;
}

/** What stands in for values that are not to be known. */
function nullsJson(count: number): string {
  return JSON.stringify(Array.from({ length: count }, () => null));
}

function valuesJson(datatype: TensorDatatype, data: TensorData): string {
  return isFloats(data) ? floatsJson(data) : JSON.stringify(recordedValues(datatype, data));
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

/** A part whose outputs are still what the model gave; as columns they are most of a line. */
export interface LoggedPart extends Omit<RecordedPart, 'outputs'> {
  readonly outputs: readonly Tensor[] | null;
}

/** A line of a segment, `inputs` and outputs written in the place of columns. */
export function recordLine(
  record: Omit<PredictionRecord, 'inputs' | 'parts'>,
  inputs: readonly ReceivedTensor[] | null,
  parts: readonly LoggedPart[],
  redacted: readonly string[] = [],
): string {
  const columns = inputs === null ? 'null' : columnsJson(inputs, redacted);
  const written = parts.map((part) => partJson(part, redacted)).join(',');
  return `${withoutEnd(record)},"inputs":${columns},"parts":[${written}]}\n`;
}

/** A line of a segment that has no tensors in it. */
export function scoredLine(record: PredictionRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function partJson({ outputs, ...rest }: LoggedPart, redacted: readonly string[]): string {
  return `${withoutEnd(rest)},"outputs":${outputs === null ? 'null' : columnsJson(outputs, redacted)}}`;
}

function withoutEnd(value: object): string {
  return JSON.stringify(value).slice(0, -1);
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
): LoggedPart {
  return {
    role: assignment.role,
    revision: revision.revision,
    modelVersion: revision.modelVersion,
    share: assignment.share,
    threshold: revision.threshold,
    rows: assignment.rows === null ? null : [...assignment.rows],
    shift: revision.shift,
    probabilities: result.probabilities === null ? null : Array.from(result.probabilities),
    outputs: result.outputs,
    error: result.error,
    latencyUs: result.latencyUs,
  };
}
