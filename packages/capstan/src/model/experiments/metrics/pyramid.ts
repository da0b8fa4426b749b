import { compareInt64, readInt64, type Int64 } from '#kernel/int64';
import type { Reader } from '#database';
import type { Sums } from './buckets.ts';
import { blocksWithin, countBlocks, coveredTo, TOP_LEVEL, type Series, type Stretch } from './pyramid.store.ts';

/** Blocks per bucket at least: a bucket ends where a block does, so at most a quarter of it lies beyond its place. */
const BLOCKS_PER_BUCKET = 4;

/**
 * The sums of a stretch of steps in order: blocks as coarse as so many buckets allow, and what they leave out at the ends
 * as `sumUp` says. Undefined where the blocks are too coarse for it, or there are none. Points that come meanwhile
 * are in it or not, none is in it twice: what a level leaves out is asked of the finer ones behind it.
 */
export async function sumsByBlocks(
  reader: Reader,
  series: Series,
  stretch: Stretch,
  buckets: number,
  sumUp: (stretch: Stretch) => Promise<readonly Sums[]>,
): Promise<Sums[] | undefined> {
  if ((await coveredTo(reader, series)) === undefined) return undefined;
  const wanted = buckets * BLOCKS_PER_BUCKET;
  for (let level = TOP_LEVEL; level >= 0; level--) {
    if ((await countBlocks(reader, series, level, stretch, wanted)) === wanted) {
      return await covered(reader, series, level, stretch, sumUp);
    }
  }
  return undefined;
}

async function covered(
  reader: Reader,
  series: Series,
  level: number,
  stretch: Stretch,
  sumUp: (stretch: Stretch) => Promise<readonly Sums[]>,
): Promise<Sums[]> {
  if (compareInt64(stretch.first, stretch.last) > 0) return [];
  if (level < 0) return [...(await sumUp(stretch))];
  const blocks = await blocksWithin(reader, series, level, stretch);
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (!first || !last) return await covered(reader, series, level - 1, stretch, sumUp);
  const before = { first: stretch.first, last: next(readInt64(first.first), -1n) };
  const behind = { first: next(readInt64(last.last), 1n), last: stretch.last };
  return [
    ...(await covered(reader, series, level - 1, before, sumUp)),
    ...blocks,
    ...(await covered(reader, series, level - 1, behind, sumUp)),
  ];
}

const next = (step: Int64, by: bigint): Int64 => readInt64(String(BigInt(step) + by));

/** At most so many buckets of sums that are in order, each where its first step lies. */
export function merged(sums: readonly Sums[], limit: number): Sums[] {
  const from = Number(sums[0]?.first ?? 0);
  const span = Number(sums.at(-1)?.last ?? 0) - from + 1;
  const buckets: Sums[] = [];
  let place = -1;
  for (const one of sums) {
    const at = Math.min(limit - 1, Math.floor(((Number(one.first) - from) * limit) / span));
    const open = buckets.at(-1);
    if (open && at === place) buckets[buckets.length - 1] = together(open, one);
    else buckets.push(one);
    place = at;
  }
  return buckets;
}

function together(a: Sums, b: Sums): Sums {
  return {
    first: a.first,
    last: b.last,
    count: Number(a.count) + Number(b.count),
    numbers: Number(a.numbers) + Number(b.numbers),
    min: either(a.min, b.min, Math.min),
    max: either(a.max, b.max, Math.max),
    sum: either(a.sum, b.sum, (one, other) => one + other),
  };
}

function either(a: number | null, b: number | null, both: (a: number, b: number) => number): number | null {
  return a === null ? b : b === null ? a : both(a, b);
}
