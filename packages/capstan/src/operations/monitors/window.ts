/** A slice of event time: from `start`, included, to `end`, not included. Milliseconds. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * The windows that have closed by `now` and not been judged: back to back from `origin`, each of `lengthMs`. A window
 * closes when its last label may be in: `labelDelayMs` after its end.
 */
export function closedWindows(
  origin: number,
  lengthMs: number,
  labelDelayMs: number,
  judgedUntil: number,
  now: number,
): Window[] {
  const windows: Window[] = [];
  const first = Math.max(0, Math.ceil((judgedUntil - origin) / lengthMs));
  for (let index = first; ; index++) {
    const window = { start: origin + index * lengthMs, end: origin + (index + 1) * lengthMs };
    if (window.end + labelDelayMs > now) return windows;
    windows.push(window);
  }
}
