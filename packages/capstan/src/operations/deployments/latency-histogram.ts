/** Counts of latencies in buckets that grow by an eighth of a doubling; keys are bucket numbers. Plain JSON. */
export type LatencyHistogram = Readonly<Record<string, number>>;

export const NO_LATENCIES: LatencyHistogram = {};

const BUCKETS_PER_DOUBLING = 8;
const PERCENTILE = 0.99;
/** Below this a 99th percentile says nothing: it needs a hundred values beyond which one lies. */
const LEAST_COUNT = 200;

export function addLatency(histogram: LatencyHistogram, latencyUs: number): LatencyHistogram {
  const bucket = Math.ceil(Math.log2(Math.max(1, latencyUs)) * BUCKETS_PER_DOUBLING);
  return { ...histogram, [bucket]: (histogram[bucket] ?? 0) + 1 };
}

/** The upper edge of the bucket of the 99th percentile, in microseconds; null while there are fewer than 200 values. */
export function highLatencyUs(histogram: LatencyHistogram): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .toSorted((a, b) => a.bucket - b.bucket);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total < LEAST_COUNT) return null;
  let seen = 0;
  for (const { bucket, count } of buckets) {
    seen += count;
    if (seen >= PERCENTILE * total) return 2 ** (bucket / BUCKETS_PER_DOUBLING);
  }
  return null;
}
