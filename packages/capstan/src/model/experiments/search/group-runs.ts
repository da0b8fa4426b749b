import type { Database } from '#database';
import type { MetricIds } from '../metrics/metric-ids.ts';
import * as store from './run-group.store.ts';
import { queryOf, type RunMatch } from './search-runs.ts';

export interface RunGrouping extends RunMatch {
  /** At least one. */
  readonly by: readonly store.GroupKey[];
  readonly metrics: readonly string[];
  /** Most groups. */
  readonly limit: number;
}

export interface RunGroups {
  /** The largest first. */
  readonly groups: readonly store.RunGroup[];
  /** There are more groups than these. */
  readonly hasMore: boolean;
}

/** The runs of a search by their params or tags; those that lack one are a group of their own. */
export async function groupRuns(database: Database, metricIds: MetricIds, grouping: RunGrouping): Promise<RunGroups> {
  const query = await queryOf(metricIds, grouping, []);
  if (!query) return { groups: [], hasMore: false };
  const { groups, hasMore } = await store.groupRuns(database, query, grouping.by, grouping.limit);
  const ids = await metricIds.lookUp(grouping.metrics);
  const names = new Map(Array.from(ids, ([name, id]) => [id, name]));
  const figures = await store.metricsOfGroups(database, query, grouping.by, [...names.keys()]);
  const ofGroup = new Map<string, Map<string, store.MetricOfGroup>>();
  for (const { values, metric, figures: one } of figures) {
    const key = JSON.stringify(values);
    const metrics = ofGroup.get(key) ?? new Map<string, store.MetricOfGroup>();
    ofGroup.set(key, metrics.set(names.get(metric) ?? '', one));
  }
  return {
    groups: groups.map((group) => ({ ...group, metrics: ofGroup.get(JSON.stringify(group.values)) ?? new Map() })),
    hasMore,
  };
}
