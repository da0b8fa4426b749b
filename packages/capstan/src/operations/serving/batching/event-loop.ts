// What one turn of the event loop takes on. Reading, running and answering requests is work of one thread: everything that is
// read in a turn is answered at its end, and what comes meanwhile waits for the next one, unseen. So the length of a turn
// is what callers wait, twice at most, and it is kept below what they allow by how much is let into it.

import { createTurnCost } from './turn-cost.ts';

/** Of what a caller allows, for the turn that its request is in; it may have waited for one as long before. */
const SHARE_OF_WAIT = 0.25;

/** Of that, for answers, however many there are to refuse. */
const LEAST_SHARE = 0.3;

interface Turn {
  readonly began: number;
  /** Of the loop, in ms, when it began. */
  readonly idle: number;
  admitted: number;
  refused: number;
}

let turn: Turn | undefined;
let isOver = true;
const cost = createTurnCost();
/** In the turn before. */
let refusedBefore = 0;

function current(): Turn {
  if (turn && !isOver) return turn;
  const now = performance.now();
  const { idle } = performance.eventLoopUtilization();
  if (turn && turn.admitted > 0) cost.observe({ ...turn, ms: now - turn.began - (idle - turn.idle) });
  refusedBefore = turn?.refused ?? 0;
  turn = { began: now, idle, admitted: 0, refused: 0 };
  isOver = false;
  setImmediate(() => (isOver = true));
  return turn;
}

/**
 * When the first request of this turn of the event loop was read. All that are read in it have been waiting since then at
 * least, most of them unseen: what is asked of their time counts from there.
 */
export function arrival(): number {
  return current().began;
}

/** What the turn may take on beside the refusals that are to be expected in it, which cost as well. */
function budgetMs(waitMs: number, now: Turn): number {
  const budget = waitMs * SHARE_OF_WAIT;
  const refusals = Math.max(now.refused, refusedBefore) * cost.refusedMs();
  return Math.max(budget - refusals, budget * LEAST_SHARE);
}

/**
 * Whether one more request, whose caller waits so long from now on, may be answered in this turn; it counts as begun then.
 * The first one always may: what requests cost is only known from those that are let in.
 */
export function entersTurn(waitMs: number): boolean {
  const now = current();
  const enters = now.admitted === 0 || (now.admitted + 1) * cost.admittedMs() <= budgetMs(waitMs, now);
  if (enters) now.admitted += 1;
  else now.refused += 1;
  return enters;
}
