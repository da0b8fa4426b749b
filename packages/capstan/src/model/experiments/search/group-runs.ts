import { setImmediate as letOthers } from 'node:timers/promises';
import type { ReadSide } from '#database';
import type { MetricIds } from '../metrics/metric-ids.ts';
import { countGroups, keyRangeOf, spreadOfGroups, type GroupKey } from './run-group.store.ts';
import { figuresOf, merged, type Part, type SpreadFigures } from './spread.ts';
import { queryOf, type RunMatch } from './search-runs.ts';

export interface RunGrouping extends RunMatch {
  /** At least one. */
  readonly by: readonly GroupKey[];
  readonly metrics: readonly string[];
  /** Most groups. */
  readonly limit: number;
}

export interface RunGroup {
  /** Of each key; null where the runs have no such param or tag. */
  readonly values: readonly (string | null)[];
  readonly runs: number;
  /** Of each metric that any run of the group has a number for. */
  readonly metrics: ReadonlyMap<string, SpreadFigures>;
}

export interface RunGroups {
  /** The largest first. */
  readonly groups: readonly RunGroup[];
  /** There are more groups than these. */
  readonly hasMore: boolean;
}

/** Runs that one statement looks at: other calls get their turn in between. */
const CHUNK = 5_000;

interface Collected {
  readonly values: readonly (string | null)[];
  runs: number;
  readonly metrics: Map<number, Part>;
}

/** The runs of a search by their params or tags; those that lack one are a group of their own. */
export async function groupRuns(database: ReadSide, metricIds: MetricIds, grouping: RunGrouping): Promise<RunGroups> {
  const { by, limit } = grouping;
  const query = await queryOf(metricIds, grouping, []);
  const range = query && (await keyRangeOf(database, query));
  if (!query || !range) return { groups: [], hasMore: false };
  const all = new Map<string, Collected>();
  const ids = await metricIds.lookUp(grouping.metrics);
  const metrics = [...ids.values()];
  for (let { from } = range; from < range.before; from += CHUNK) {
    const part = { from, before: Math.min(from + CHUNK, range.before) };
    for (const { values, runs } of await countGroups(database, query, by, part)) {
      const name = JSON.stringify(values);
      const group = all.get(name) ?? { values, runs: 0, metrics: new Map<number, Part>() };
      group.runs += runs;
      all.set(name, group);
    }
    const spreads = metrics.length === 0 ? [] : await spreadOfGroups(database, query, by, metrics, part);
    for (const { values, metric, part: more } of spreads) {
      const found = all.get(JSON.stringify(values))?.metrics;
      found?.set(metric, merged(found.get(metric), more));
    }
    await letOthers();
  }
  const largest = [...all.values()].toSorted((a, b) => b.runs - a.runs).slice(0, limit);
  const names = new Map(Array.from(ids, ([name, id]) => [id, name]));
  return {
    groups: largest.map((group) => ({
      ...group,
      metrics: new Map(Array.from(group.metrics, ([id, part]) => [names.get(id) ?? '', figuresOf(part)])),
    })),
    hasMore: all.size > limit,
  };
}
