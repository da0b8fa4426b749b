/** Pieces of large bodies, 64 KiB each, that are read in one turn of the event loop: what comes with them waits so long. */
const AT_ONCE = 4;

const waiting: (() => void)[] = [];
let turn: NodeJS.Immediate | undefined;

/**
 * Goes on with a large body when it is its turn among all of them: the system has megabytes of each, and between two turns of
 * the event loop all other callers are read and answered.
 */
export function inTurn(goOn: () => void): void {
  waiting.push(goOn);
  turn ??= setImmediate(next);
}

function next(): void {
  for (const goOn of waiting.splice(0, AT_ONCE)) goOn();
  turn = waiting.length > 0 ? setImmediate(next) : undefined;
}
