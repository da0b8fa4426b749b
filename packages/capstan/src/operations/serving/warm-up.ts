import type { InputAdapter } from '@capstan/api';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#kernel/errors';
import { isOneRow } from '#ports/one-row';
import { widthOf } from './model-facts.ts';
import type { ShelvedModel } from './model-shelf.ts';
import { toTensorData } from './tensor-values.ts';
import { adaptInputs } from './tensors.ts';

/** How a model was warmed before it took its first request. */
export interface WarmUp {
  /** `logged`: what its deployment was asked of late. `zeros`: as the runtime does it, by zeros or the model's own example. */
  readonly by: 'logged' | 'zeros';
  /** Why logged requests were not used, or what the model said to them. */
  readonly note: string | null;
  /** It failed on what its deployment was asked. */
  readonly hasFailed: boolean;
}

/** One logged request a row: values by input. */
export type LoggedRow = Readonly<Record<string, unknown>>;

/** Rows asked for; a full batch is made of them. */
export const WARM_UP_ROWS = 32;
const LONGEST_MS = 2_000;
/** Rows of a full batch where its revision says nothing smaller. */
const FULL_BATCH_ROWS = 1_024;

/**
 * Runs what was logged through a model, one row and a full batch, within two seconds. Nothing of it is logged or counted.
 * Never throws: a model that fails on it is served all the same, since the rows may be what is wrong, and says so.
 */
export async function warmUp(
  model: ShelvedModel,
  rows: readonly LoggedRow[],
  inputAdapters: Readonly<Record<string, InputAdapter>>,
): Promise<WarmUp> {
  if (rows.length === 0) return { by: 'zeros', note: 'nothing is logged yet', hasFailed: false };
  const most = Math.min(model.serving?.maxBatchSize ?? FULL_BATCH_ROWS, model.mostInlineRows ?? FULL_BATCH_ROWS);
  let batches: readonly (readonly Tensor[])[];
  try {
    const isWhole = isOneRow(model);
    batches = (isWhole ? [1] : [1, most]).map((count) => {
      const inputs = model.inputs.flatMap((spec) => (isWhole ? wholeTensor : tensorOf)(spec, rows, count) ?? []);
      return adaptInputs(inputs, inputAdapters);
    });
  } catch (error) {
    return { by: 'zeros', note: `what is logged is none of its inputs: ${messageOf(error)}`, hasFailed: false };
  }
  const over = new AbortController();
  const late = sleep(LONGEST_MS, 'late' as const, { signal: over.signal }).catch(() => 'late' as const);
  try {
    const deadline = performance.now() + LONGEST_MS;
    const run = async (): Promise<void> => {
      for (const batch of batches) await model.rehearse(batch, deadline);
    };
    const ended = await Promise.race([run(), late]);
    return { by: 'logged', note: ended === 'late' ? 'it took more than two seconds' : null, hasFailed: false };
  } catch (error) {
    return { by: 'logged', note: messageOf(error), hasFailed: true };
  } finally {
    over.abort();
  }
}

/** The same for a model whose requests are one row each: the newest of them. */
function wholeTensor(spec: TensorSpec, rows: readonly LoggedRow[]): Tensor | undefined {
  const found = tensorOf({ ...spec, shape: [-1, ...spec.shape] }, rows.slice(0, 1), 1);
  return found && { ...found, shape: spec.shape };
}

/** The values of an input for so many rows, over and over; undefined for one that may be left out and was. @throws DomainError, Error */
function tensorOf(spec: TensorSpec, rows: readonly LoggedRow[], count: number): Tensor | undefined {
  const width = widthOf(spec.shape);
  const logged = rows.map((row) => row[spec.name]);
  if (logged.every((value) => value === undefined || value === null)) {
    if (spec.isOptional === true) return undefined;
    throw new Error(`there is no '${spec.name}'`);
  }
  const values = logged.flatMap((value) => {
    const ofRow = [value].flat();
    if (ofRow.length !== width) throw new Error(`'${spec.name}' has ${ofRow.length} values a row, not ${width}`);
    return ofRow;
  });
  const all = Array.from({ length: count * width }, (_, at) => values[at % values.length]);
  const shape = [count, ...spec.shape.slice(1)];
  return { name: spec.name, datatype: spec.datatype, shape, data: toTensorData(all, spec.datatype, spec.name) };
}
