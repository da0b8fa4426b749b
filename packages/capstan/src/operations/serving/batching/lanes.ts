import { createExecutionCost, type ExecutionCost, type InHand } from './execution-cost.ts';
import type { BatchingOptions } from './model.ts';

/** Where executions go on: in the thread that asks, or beside it. */
export interface Lane<Execution extends InHand> {
  readonly isInline: boolean;
  readonly running: Set<Execution>;
  /** Executions that may be under way. */
  readonly most: number;
  /** Of one execution, unless one request has more. */
  readonly mostRows: number;
  readonly cost: ExecutionCost;
}

/**
 * Executions that are computed by the thread that asks follow each other in one turn of the event loop: were each to wait
 * for the one before, all that is read in a turn would have to be seen to between two of them. Of half a millisecond each.
 */
const INLINE_AT_ONCE = 16;

/** The lane of a request with so many rows. A batch is no larger than its lane takes: to join more would only send it the longer way. */
export function createLanes<Execution extends InHand>(
  options: BatchingOptions,
): { of(rows: number): Lane<Execution>; readonly all: readonly Lane<Execution>[] } {
  const { instances, inlineRows, maxRows } = options;
  const beside: Lane<Execution> = {
    isInline: false,
    running: new Set(),
    most: instances,
    mostRows: maxRows,
    cost: createExecutionCost(instances),
  };
  if (inlineRows === 0) return { of: () => beside, all: [beside] };
  const inline: Lane<Execution> = {
    isInline: true,
    running: new Set(),
    most: INLINE_AT_ONCE,
    mostRows: Math.min(inlineRows, maxRows),
    cost: createExecutionCost(0),
  };
  return { of: (rows) => (rows <= inlineRows ? inline : beside), all: [inline, beside] };
}
