import { createExecutionCost, type ExecutionCost, type InHand } from './execution-cost.ts';
import type { BatchingOptions } from './model.ts';

/** Where executions go on: in the thread that asks, or beside it. */
export interface Lane<Execution extends InHand> {
  readonly isInline: boolean;
  readonly running: Set<Execution>;
  /** Executions that may be under way; beside them full batches, up to the most. */
  readonly atOnce: number;
  readonly most: number;
  /** Of one execution, unless one request has more. */
  readonly mostRows: number;
  readonly cost: ExecutionCost;
}

/**
 * Executions that are computed by the thread that asks follow each other in one turn of the event loop: were each to wait
 * for the one before, all that is read in a turn would have to be seen to between two of them. Of half a millisecond each.
 */
const INLINE_AT_ONCE = 64;

/**
 * A model that can compute so many rows there is so quick that all its batches are better computed there: the way to
 * another thread and back, through a busy event loop, takes longer. Of slower ones only batches that are small by chance.
 */
const LEAST_INLINE_ROWS = 512;

/** The lane of a request with so many rows. A batch is no larger than its lane takes: to join more would only send it the longer way. */
export function createLanes<Execution extends InHand>(
  options: BatchingOptions,
): { of(rows: number): Lane<Execution>; readonly all: readonly Lane<Execution>[] } {
  const { instances, queued, inlineRows, maxRows } = options;
  const beside: Lane<Execution> = {
    isInline: false,
    running: new Set(),
    atOnce: instances,
    most: instances + queued,
    mostRows: maxRows,
    cost: createExecutionCost(instances),
  };
  if (inlineRows < LEAST_INLINE_ROWS) return { of: () => beside, all: [beside] };
  const inline: Lane<Execution> = {
    isInline: true,
    running: new Set(),
    atOnce: INLINE_AT_ONCE,
    most: INLINE_AT_ONCE,
    mostRows: Math.min(inlineRows, maxRows),
    cost: createExecutionCost(0),
  };
  return { of: (rows) => (rows <= inlineRows ? inline : beside), all: [inline, beside] };
}
