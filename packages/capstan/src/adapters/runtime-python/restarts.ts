/** When a worker that died is started again. Pure: time and chance are arguments. */
export type Restart =
  | { readonly kind: 'start'; readonly afterMs: number }
  /** It dies whatever is done: nothing is started for a while. */
  | { readonly kind: 'rest'; readonly afterMs: number };

export const CRASH_WINDOW_MS = 60_000;
const REST_MS = 30_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;

/**
 * @param crashes times of crashes, any order, this one included
 * @param maxCrashes so many within a minute are too many
 * @param chance 0 up to 1; delays differ by it, so that workers which died of one cause do not start as one
 */
export function restartAfter(
  crashes: readonly number[],
  { nowMs, maxCrashes, chance }: { readonly nowMs: number; readonly maxCrashes: number; readonly chance: number },
): Restart {
  const recent = crashes.filter((atMs) => nowMs - atMs < CRASH_WINDOW_MS).length;
  if (recent >= maxCrashes) return { kind: 'rest', afterMs: REST_MS };
  // The first may have been a single bad request: those that wait shall not wait for long.
  if (recent <= 1) return { kind: 'start', afterMs: 0 };
  const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (recent - 2));
  return { kind: 'start', afterMs: delayMs * (0.5 + chance / 2) };
}
