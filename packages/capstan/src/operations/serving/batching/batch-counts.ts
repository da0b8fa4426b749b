import { Histogram } from '#kernel/histogram';

export interface BatchCounts {
  /** Of every batch that was run, those that failed among them. */
  readonly rows: Histogram;
  /** Seconds that every request in them had waited. */
  readonly waits: Histogram;
  /** How long the executions took together. */
  executionMs: number;
}

const BUCKETS_ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
const BUCKETS_SECONDS = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

export function nothingBatched(): BatchCounts {
  return { rows: new Histogram(BUCKETS_ROWS), waits: new Histogram(BUCKETS_SECONDS), executionMs: 0 };
}
