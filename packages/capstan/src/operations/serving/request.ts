import type { ServedDeployment } from '@capstan/api';
import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import { widthOf } from './model-facts.ts';

/** An input as it came. */
export type ReceivedTensor = Tensor;

export interface CheckedRequest {
  readonly rows: number;
  /** For the model, checked against what it takes. */
  readonly inputs: readonly Tensor[];
  /** Ids of the examples as the caller gave them; null when it gave none. */
  readonly ids: readonly string[] | null;
  readonly eventTimes: readonly number[] | null;
}

const MAX_ROWS = 100_000;
const MAX_ID_LENGTH = 256;

/**
 * Parts a request into what is logged and what the model gets.
 * @param isOneRow see `ports/one-row`
 * @throws DomainError INVALID_ARGUMENT naming the input
 */
export function checkRequest(
  received: readonly Tensor[],
  specs: readonly TensorSpec[],
  context: ServedDeployment['context'],
  isOneRow = false,
): CheckedRequest {
  const byName = new Map<string, Tensor>();
  for (const tensor of received) {
    if (byName.has(tensor.name)) throw refuse(tensor.name, 'is given twice');
    byName.set(tensor.name, tensor);
  }
  const contextNames = [context.id, context.eventTime].filter((name) => name !== null);
  const known = [...specs.map((spec) => spec.name), ...contextNames];
  for (const name of byName.keys()) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw refuse(
      name,
      'is none that this model takes',
      near ? `Did you mean '${near}'?` : `It takes: ${known.join(', ')}.`,
    );
  }
  const inputs = specs.flatMap((spec) => {
    const tensor = byName.get(spec.name);
    if (!tensor) {
      if (spec.isOptional === true) return [];
      throw refuse(spec.name, 'is missing', `Send it as ${spec.datatype} of shape [${spec.shape.join(', ')}].`);
    }
    checkTensor(tensor, spec);
    return tensor;
  });
  const rows = isOneRow ? 1 : (received[0]?.shape[0] ?? 0);
  for (const { name, shape, data } of received) {
    if (isOneRow) {
      const isContext = contextNames.includes(name);
      if (data.length === 0 || (isContext && data.length > 1))
        throw refuse(name, `has ${data.length} values for one row`);
    } else if (shape[0] !== rows) throw refuse(name, `has ${shape[0]} rows, '${received[0]?.name}' has ${rows}`);
  }
  if (rows < 1 || rows > MAX_ROWS)
    throw refuse(received[0]?.name ?? 'inputs', `has ${rows} rows; 1 to ${MAX_ROWS} are taken`);
  const idTensor = context.id === null ? undefined : byName.get(context.id);
  const timeTensor = context.eventTime === null ? undefined : byName.get(context.eventTime);
  return {
    rows,
    inputs,
    ids: idTensor ? idsIn(idTensor) : null,
    eventTimes: timeTensor ? timesIn(timeTensor) : null,
  };
}

function checkTensor(tensor: Tensor, spec: TensorSpec): void {
  if (tensor.datatype !== spec.datatype)
    throw refuse(spec.name, `is ${tensor.datatype}; the model takes ${spec.datatype}`);
  const fits =
    tensor.shape.length === spec.shape.length &&
    tensor.shape.every((size, axis) => spec.shape[axis] === -1 || spec.shape[axis] === size);
  if (!fits)
    throw refuse(spec.name, `has the shape [${tensor.shape.join(', ')}]; the model takes [${spec.shape.join(', ')}]`);
}

function idsIn(tensor: Tensor): string[] {
  checkColumn(tensor, ['BYTES', 'INT64', 'INT32', 'UINT64', 'UINT32'], 'an id');
  const ids: string[] = [];
  for (const value of tensor.data) {
    const id = String(value);
    if (id === '' || id.length > MAX_ID_LENGTH)
      throw refuse(tensor.name, `has an id of ${id.length} characters (1 to ${MAX_ID_LENGTH})`);
    ids.push(id);
  }
  if (new Set(ids).size < ids.length) {
    throw refuse(tensor.name, 'has one id twice', 'Each row needs an id of its own: outcomes are joined by it.');
  }
  return ids;
}

function timesIn(tensor: Tensor): number[] {
  checkColumn(tensor, ['INT64', 'FP64', 'BYTES'], 'a time');
  const times: number[] = [];
  for (const value of tensor.data) {
    const time = typeof value === 'string' ? Date.parse(value) : Number(value);
    if (!Number.isSafeInteger(time)) {
      throw refuse(
        tensor.name,
        `has '${value}', which is no time`,
        'Give milliseconds since 1970 (INT64) or ISO 8601 text (BYTES).',
      );
    }
    times.push(time);
  }
  return times;
}

function checkColumn(tensor: Tensor, datatypes: readonly string[], what: string): void {
  if (!datatypes.includes(tensor.datatype))
    throw refuse(tensor.name, `is ${tensor.datatype}; ${what} is ${datatypes.join(' or ')}`);
  if (widthOf(tensor.shape) !== 1)
    throw refuse(tensor.name, `has the shape [${tensor.shape.join(', ')}]; ${what} a row is taken`);
}

function refuse(name: string, problem: string, hint?: string) {
  return invalid(`The input '${name}' ${problem}`, { field: name, ...(hint !== undefined && { hint }) });
}
