import type { ReadSide } from '#database';
import { spanOf, versionOf, type Span, type StepRange } from './metric.store.ts';

/** How many ranges of series are remembered. */
const MOST_REMEMBERED = 1_000;

/**
 * Spans of ranges of series, remembered for as long as nothing is added to the series, where the database tells that:
 * counting the points of a long one costs many times what reading the sample does.
 */
export function createKnownSpans(): (
  database: ReadSide,
  run: number,
  metric: number,
  range: StepRange,
) => Promise<Span> {
  const known = new Map<string, { readonly version: string; readonly span: Span }>();
  return async (database, run, metric, range) => {
    // Read first: a span that is newer than its version is only counted again.
    const version = await versionOf(database, run, metric);
    if (version === undefined) return await spanOf(database.read, run, metric, range);
    const place = `${run} ${metric} ${range.from ?? ''} ${range.to ?? ''}`;
    const found = known.get(place);
    if (found?.version === version) return found.span;
    const span = await spanOf(database.read, run, metric, range);
    known.delete(place);
    if (known.size >= MOST_REMEMBERED) for (const oldest of known.keys()) if (known.delete(oldest)) break;
    known.set(place, { version, span });
    return span;
  };
}
