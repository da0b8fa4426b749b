import { createCostFit } from './model.ts';

/** An execution that is under way. */
export interface InHand {
  readonly rows: number;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** What executions of a model have taken, and what follows from that for who comes now. */
export interface ExecutionCost {
  observe(execution: { readonly rows: number; readonly tookMs: number; readonly endedAt: number }): void;
  /** What an answer to the last of so many rows, in so many executions, has to wait, as far as executions so far tell. */
  waitMs(ahead: { readonly rows: number; readonly executions: number }, running: ReadonlySet<InHand>): number;
}

/** What takes longer than this beside the estimate is taken for a stall, and for so much. */
const MOST_RISE = 4;
const LEAST_STALL_MS = 5;
/** What executions took is of no use once the model has been idle for so long. */
const FORGOTTEN_MS = 250;

/** @param atOnce how many of the executions go on at the same time; 0: none does, they follow each other in the asking thread */
export function createExecutionCost(atOnce: number): ExecutionCost {
  let cost = createCostFit();
  let doneAt = 0;

  function leftMs(running: ReadonlySet<InHand>, now: number): number {
    let ms = 0;
    if (running.size < atOnce) return ms;
    let index = 0;
    for (const { rows, startedAt } of running) {
      // Of those under way as many are computed as go on at once; the others wait, as all do in the thread that asks.
      const spentMs = index++ < atOnce ? now - startedAt : 0;
      ms += Math.max(cost.estimateMs(rows) - spentMs, 0);
    }
    return ms;
  }

  return {
    observe({ rows, tookMs, endedAt }) {
      doneAt = endedAt;
      // A stall, of whatever else the machine does, says little of the next execution.
      const expected = cost.estimateMs(rows);
      cost.observe(rows, expected === 0 ? tookMs : Math.min(tookMs, expected * MOST_RISE + LEAST_STALL_MS));
    },
    waitMs({ rows, executions }, running) {
      const now = performance.now();
      // By an estimate that nothing is let run by it would stand for ever: one that was a bad moment's is forgotten.
      if (running.size === 0 && now - doneAt > FORGOTTEN_MS) cost = createCostFit();
      const ms = cost.estimateMs(rows) + Math.max(executions - 1, 0) * cost.estimateMs(0) + leftMs(running, now);
      return ms / Math.max(atOnce, 1);
    },
  };
}
