import { formatDuration } from '@capstan/api';
import { messageOf } from '#kernel/errors';
import type { VerdictCheck } from '#model/registry';
import type { EvaluationRows } from './evaluation-rows.ts';
import type { LoadedContender } from './score.ts';

const WARM_UP = 50;
const REQUESTS = 500;
const ROUNDS = 3;

/**
 * 99th percentile of the time that requests of one row take in the runtime that serves, one after the other. What else the
 * machine does can only add to it, so a round within the limit settles it; it fails when several rounds are all beyond.
 */
export async function checkLatency(
  contender: LoadedContender,
  limitMs: number,
  rows: EvaluationRows,
): Promise<VerdictCheck> {
  const check = { check: 'latency', limit: limitMs };
  try {
    await measure(contender, rows, WARM_UP);
    let best = Number.POSITIVE_INFINITY;
    let round = 0;
    while (best > limitMs && round < ROUNDS) {
      best = Math.min(best, await measure(contender, rows, REQUESTS));
      round += 1;
    }
    const isWithin = best <= limitMs;
    const rounds = round === 1 ? 'one round' : `best of ${round} rounds`;
    const reason = `p99 ${best.toFixed(2)} ms ${isWithin ? 'is within' : 'exceeds'} ${formatDuration(limitMs)}: ${REQUESTS} requests of one row, ${rounds}`;
    return { ...check, status: isWithin ? 'pass' : 'fail', value: best, n: REQUESTS * round, reason };
  } catch (error) {
    return { ...check, status: 'fail', value: null, n: 0, reason: `it cannot be measured: ${messageOf(error)}` };
  }
}

async function measure(contender: LoadedContender, rows: EvaluationRows, requests: number): Promise<number> {
  const times: number[] = [];
  for (let request = 0; request < requests; request++) times.push(await contender.timeOne(rows, request % rows.count));
  times.sort((a, b) => a - b);
  return times[Math.ceil(times.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
}
