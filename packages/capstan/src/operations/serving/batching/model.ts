/** How requests of one model are taken together. */
export interface BatchingOptions {
  /** Rows of one execution; a request of more is split. */
  readonly maxRows: number;
  /** How long the oldest request may wait for others while an instance is free. 0: never, batches form from what waits. */
  readonly maxDelayMs: number;
  /** Once so many rows wait, they go before the delay is over; the largest that is there is taken. */
  readonly preferredRows: readonly number[];
  /** Executions at once. */
  readonly instances: number;
  /** Full batches that are handed over beside those, for the model to compute one after the other. */
  readonly queued: number;
  /** Executions of up to so many rows are computed by the thread that asks for them. */
  readonly inlineRows: number;
  /** What may wait; more is refused. */
  readonly maxQueueRows: number;
  readonly maxQueueBytes: number;
  /** After so long an execution is given up: its callers hear so, whatever becomes of it. */
  readonly executionTimeoutMs: number;
  /** Of a request that names no deadline of its own. */
  readonly defaultDeadlineMs: number;
  /** Keeps executions below this by fewer rows (additive increase, multiplicative decrease); null: rows are not limited. */
  readonly targetMs: number | null;
}

export const BATCHING_DEFAULTS: BatchingOptions = {
  maxRows: 1_024,
  maxDelayMs: 0,
  preferredRows: [],
  instances: 1,
  queued: 0,
  inlineRows: 0,
  maxQueueRows: 50_000,
  maxQueueBytes: 256 * 1024 * 1024,
  executionTimeoutMs: 15_000,
  defaultDeadlineMs: 15_000,
  targetMs: null,
};

/**
 * Rows that go now: all that wait up to the most, or, where others are worth waiting for, the largest preferred size; 0
 * to wait on. As in Triton's dynamic batcher.
 */
export function rowsToTake(
  waiting: { readonly rows: number; readonly oldestMs: number },
  options: Pick<BatchingOptions, 'maxDelayMs' | 'preferredRows'>,
  maxRows: number,
): number {
  if (waiting.rows === 0) return 0;
  if (options.maxDelayMs === 0 || waiting.rows >= maxRows || waiting.oldestMs >= options.maxDelayMs) return maxRows;
  return options.preferredRows.filter((rows) => rows <= waiting.rows && rows <= maxRows).reduce(larger, 0);
}

function larger(a: number, b: number): number {
  return Math.max(a, b);
}

/** Executions that the estimate of the next is made from. */
const REMEMBERED = 64;

/** What an execution of n rows takes: a·n + b, fitted by least squares to the last executions. Neither is negative. */
export interface CostFit {
  observe(rows: number, ms: number): void;
  /** 0 while nothing is known. */
  estimateMs(rows: number): number;
}

export function createCostFit(): CostFit {
  const seen: { readonly rows: number; readonly ms: number }[] = [];
  let next = 0;
  let sums = { n: 0, rows: 0, ms: 0, rowsRows: 0, rowsMs: 0 };

  function add({ rows, ms }: { readonly rows: number; readonly ms: number }, sign: 1 | -1): void {
    sums = {
      n: sums.n + sign,
      rows: sums.rows + sign * rows,
      ms: sums.ms + sign * ms,
      rowsRows: sums.rowsRows + sign * rows * rows,
      rowsMs: sums.rowsMs + sign * rows * ms,
    };
  }

  return {
    observe(rows, ms) {
      const oldest = seen[next];
      if (oldest) add(oldest, -1);
      seen[next] = { rows, ms };
      add({ rows, ms }, 1);
      next = (next + 1) % REMEMBERED;
    },
    estimateMs(rows) {
      if (sums.n === 0) return 0;
      const spread = sums.n * sums.rowsRows - sums.rows * sums.rows;
      // Executions of one size say nothing of how cost grows: then it is taken to grow with the rows.
      const slope = spread < 1e-9 ? sums.ms / sums.rows : (sums.n * sums.rowsMs - sums.rows * sums.ms) / spread;
      const perRow = Math.max(slope, 0);
      const perRun = Math.max((sums.ms - perRow * sums.rows) / sums.n, 0);
      // Below the line through the origin a negative intercept was cut off: the slope alone must carry the mean.
      return perRow * sums.rows + perRun * sums.n > sums.ms * 1.000_001 && perRun === 0
        ? (sums.ms / sums.rows) * rows
        : perRow * rows + perRun;
    },
  };
}

const INCREASE_ROWS = 1;
const DECREASE = 0.9;

/** The most rows of the next execution, after one that took so long. */
export function nextMostRows(
  mostRows: number,
  tookMs: number,
  options: Pick<BatchingOptions, 'maxRows' | 'targetMs'>,
): number {
  if (options.targetMs === null) return options.maxRows;
  const next = tookMs > options.targetMs ? Math.floor(mostRows * DECREASE) : mostRows + INCREASE_ROWS;
  return Math.min(Math.max(next, 1), options.maxRows);
}
