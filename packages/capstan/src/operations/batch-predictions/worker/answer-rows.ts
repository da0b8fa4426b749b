import { DomainError, messageOf } from '#kernel/errors';
import { adaptInputs, gatherRows } from '#operations/serving';
import { probabilityPlace, widthOf } from '#ports/binary-probability';
import { cellTensors, type CellColumns } from '#ports/cell-tensors';
import type { LoadedModel, Tensor, TensorSpec } from '#ports/model-runtime';
import { shiftOutputs } from '#ports/shift-outputs';
import type { WorkRequest } from './request.ts';
import { withValues, type UntypedColumns } from './untyped-columns.ts';

/** A row that got no answer, counted within its batch. */
export interface RowFault {
  readonly row: number;
  readonly column: string | null;
  readonly message: string;
}

/** Answers to the rows of a batch that have one. */
export interface BatchAnswer {
  readonly rows: number;
  /** Rows that `outputs` are of, in order; null: all. */
  readonly answered: readonly number[] | null;
  readonly outputs: readonly Tensor[];
  readonly faults: readonly RowFault[];
}

export interface Asked {
  readonly model: LoadedModel;
  /** It takes one row at a time. */
  readonly isOneByOne: boolean;
  /** Inputs as the rows are to be read: with the first dimension open. */
  readonly specs: readonly TensorSpec[];
  readonly sources: ReadonlyMap<string, readonly string[]>;
  readonly untyped: UntypedColumns;
  readonly transform: Pick<WorkRequest['model'], 'inputAdapters' | 'shift'>;
  readonly signal: AbortSignal;
}

/** Tries of what may pass by itself, as a worker of a Python model that has ended. */
const TRIES = 3;

/**
 * Answers a batch. A row with a value that the model does not take is left out and told; where the model refuses the batch,
 * halves of it are asked until the rows that it refuses stand alone.
 * @throws DomainError for all that no row is to blame for
 */
export async function answerBatch(asked: Asked, columns: CellColumns, rows: number): Promise<BatchAnswer> {
  const faults = new Map<number, RowFault>();
  const cells = withValues(columns, asked.untyped);
  const tensors = cellTensors(asked.specs, cells, { from: 0, to: rows }, asked.sources, (row, column, message) => {
    if (!faults.has(row)) faults.set(row, { row, column, message });
  });
  const open = faults.size === 0 ? null : rowsBut(rows, faults);
  const inputs = open === null ? tensors : tensors.map((tensor) => gatherRows(tensor, open));
  const count = open?.length ?? rows;
  const given = adaptInputs(inputs, asked.transform.inputAdapters);
  const { outputs, refused } = await (asked.isOneByOne ? askEach : askHalves)(asked, given, count);
  for (const { at, message } of refused) {
    const row = open?.[at] ?? at;
    faults.set(row, { row, column: null, message });
  }
  const isWhole = faults.size === 0;
  return {
    rows,
    answered: isWhole ? null : rowsBut(rows, faults),
    outputs: shifted(asked, outputs),
    faults: [...faults.values()].toSorted((a, b) => a.row - b.row),
  };
}

function rowsBut(rows: number, without: ReadonlyMap<number, unknown>): number[] {
  return Array.from({ length: rows }, (_, row) => row).filter((row) => !without.has(row));
}

function shifted({ transform, model }: Asked, outputs: readonly Tensor[]): readonly Tensor[] {
  return transform.shift === 0 ? outputs : shiftOutputs(outputs, probabilityPlace(model.outputs), transform.shift);
}

interface Answers {
  /** Of the rows that were answered. */
  readonly outputs: readonly Tensor[];
  readonly refused: readonly { readonly at: number; readonly message: string }[];
}

/** No row is asked twice: each is a request of its own where the model is served. */
async function askEach(asked: Asked, inputs: readonly Tensor[], rows: number): Promise<Answers> {
  const answers: (readonly Tensor[])[] = [];
  const refused: Answers['refused'][number][] = [];
  for (let row = 0; row < rows; row++) {
    const one = inputs.map((tensor) => gatherRows(tensor, [row]));
    const { outputs, refused: said } = await askHalves(asked, one, 1);
    if (said[0]) refused.push({ ...said[0], at: row });
    else answers.push(outputs);
  }
  return { outputs: joined(answers), refused };
}

async function askHalves(asked: Asked, inputs: readonly Tensor[], rows: number): Promise<Answers> {
  if (rows === 0) return { outputs: [], refused: [] };
  try {
    return { outputs: await ask(asked, inputs, rows), refused: [] };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'INVALID_ARGUMENT') throw error;
    if (rows === 1) return { outputs: [], refused: [{ at: 0, message: messageOf(error) }] };
  }
  const middle = rows >> 1;
  const part = (from: number, to: number): Promise<Answers> => {
    const wanted = Array.from({ length: to - from }, (_, index) => from + index);
    return askHalves(
      asked,
      inputs.map((tensor) => gatherRows(tensor, wanted)),
      to - from,
    );
  };
  const first = await part(0, middle);
  const second = await part(middle, rows);
  return {
    outputs: joined([first.outputs, second.outputs]),
    refused: [...first.refused, ...second.refused.map(({ at, message }) => ({ at: at + middle, message }))],
  };
}

async function ask({ model, signal }: Asked, inputs: readonly Tensor[], rows: number): Promise<readonly Tensor[]> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    try {
      const outputs = await model.predict(inputs, { signal });
      const odd = outputs.find(({ shape }) => shape[0] !== rows);
      if (!odd) return outputs;
      throw new DomainError('CONFLICT', `The output '${odd.name}' of the model has no value for each row`);
    } catch (error) {
      if (tries === TRIES || !(error instanceof DomainError) || error.code !== 'UNAVAILABLE') throw error;
    }
  }
}

function joined(parts: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = [], ...others] = parts.filter((outputs) => outputs.length > 0);
  if (others.length === 0) return first;
  return first.map((tensor, index) => {
    const all = [tensor, ...others.map((outputs) => outputs[index])].map((other) => {
      if (other?.name === tensor.name && widthOf(other.shape) === widthOf(tensor.shape)) return other;
      throw new DomainError('CONFLICT', `The output '${tensor.name}' of the model changes its size from row to row`);
    });
    const rows = all.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return { ...tensor, shape: [rows, ...tensor.shape.slice(1)], data: concatenated(all.map(({ data }) => data)) };
  });
}

function concatenated(parts: readonly Tensor['data'][]): Tensor['data'] {
  const [first] = parts;
  if (!ArrayBuffer.isView(first)) return parts.flatMap((data) => [...(data as readonly string[])]);
  const Numbers = first.constructor as new (length: number) => Float64Array;
  const all = new Numbers(parts.reduce((sum, data) => sum + data.length, 0));
  let at = 0;
  for (const data of parts) {
    // All are of one datatype, which TypeScript cannot see.
    all.set(data as Float64Array, at);
    at += data.length;
  }
  return all;
}
