// What one turn of the event loop takes on. Reading, running and answering requests is work of one thread: everything that is
// read in a turn is answered at its end, and what comes meanwhile waits for the next one, unseen. So the length of a turn
// is what callers wait, twice at most, and it is kept below what they allow by how much is let into it.

/** Of what a caller allows, for the turn that its request is in; it may have waited for one as long before. */
const SHARE_OF_WAIT = 0.35;
/** Of a request that is refused, before its body is read, to one that is answered. Measured. */
const REFUSAL_WEIGHT = 0.1;
/** Of the last turn, in what a request is taken to cost. */
const WEIGHT = 0.2;

/** A turn that seems to cost more than this beside the mean is taken for so much. */
const MOST_RISE = 4;
const LEAST_COST_MS = 0.1;

interface Turn {
  readonly began: number;
  /** Of the loop, in ms, when it began. */
  readonly idle: number;
  admitted: number;
  refused: number;
}

let turn: Turn | undefined;
let isOver = true;
/** What a request costs the loop, in ms: a moving mean. */
let costMs = 0;

function current(): Turn {
  if (turn && !isOver) return turn;
  const now = performance.now();
  const { idle } = performance.eventLoopUtilization();
  if (turn && turn.admitted > 0) {
    const tookMs = now - turn.began - (idle - turn.idle);
    const each = tookMs / (turn.admitted + turn.refused * REFUSAL_WEIGHT);
    // One stall, of whatever else the machine does, says little of the next request.
    costMs += WEIGHT * (Math.min(each, MOST_RISE * costMs + LEAST_COST_MS) - costMs);
  }
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

/**
 * Whether one more request, whose caller waits so long from now on, may be answered in this turn; it counts as begun then.
 * The first one always may: what requests cost is only known from those that are let in.
 */
export function entersTurn(waitMs: number): boolean {
  const { admitted } = current();
  const enters = admitted === 0 || (admitted + 1) * costMs <= waitMs * SHARE_OF_WAIT;
  if (enters) current().admitted += 1;
  else current().refused += 1;
  return enters;
}
