// Words and rules of batch predictions. Pure.
import type { BatchPrediction, BatchPredictionState, InputAdapter, KeptColumns, RowErrorPolicy } from '@capstan/api';
import { digestOf } from '#kernel/digest';
import { isTerminal, type Transitions } from '#kernel/state-machine';

const batchTransitions: Transitions<BatchPredictionState> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export type EndedBatch = Extract<BatchPredictionState, 'succeeded' | 'failed' | 'cancelled'>;

export function hasEnded(state: BatchPredictionState): state is EndedBatch {
  return isTerminal(batchTransitions, state);
}

/** What is done with the rows, beside the model. */
export interface Recipe {
  readonly sql: string | null;
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly keep: KeptColumns;
  readonly onError: RowErrorPolicy;
}

/** What the deployment does to inputs and answers. */
export interface Transform {
  readonly inputAdapters: Readonly<Record<string, InputAdapter>>;
  readonly shift: number;
}

interface Identity {
  readonly modelDigest: string;
  readonly inputDigest: string;
  readonly transform: Transform;
  readonly recipe: Recipe;
}

const ID_LENGTH = 16;

/** Before the number of a row, in its prediction's id: the same model, data and recipe give the same ids. */
export function idPrefix({ modelDigest, inputDigest, transform, recipe }: Identity): string {
  return digestOf({ modelDigest, inputDigest, transform, recipe }).slice(0, ID_LENGTH);
}

/** Milliseconds that are left. */
export function etaMs(
  state: BatchPredictionState,
  rows: BatchPrediction['rows'],
  rowsPerSecond: number | null,
): number | null {
  if (state !== 'running' || rows.total === null || rowsPerSecond === null || rowsPerSecond <= 0) return null;
  return Math.round(((rows.total - rows.done) / rowsPerSecond) * 1_000);
}

/** How a result came from its input, as lineage tells it. */
export function howText(job: Pick<BatchPrediction, 'id' | 'deployment' | 'revision' | 'model' | 'version'>): string {
  const of = job.deployment === null ? '' : ` (revision ${job.revision} of ${job.deployment})`;
  return `batch prediction ${job.id} by ${job.model}/${job.version}${of}`;
}
