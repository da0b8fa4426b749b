import type { Database, Writer } from '#database';
import { addMetricIds, findMetricIds } from './metric.store.ts';

/** The small integers that stand for metric names, remembered: names are few, points are many. */
export interface MetricIds {
  /** Whether the name has an id that is on disk. */
  isKnown(name: string): boolean;
  /** Ids of the names that have one. */
  lookUp(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Ids of all names, made where needed. The caller calls `remember` once it is committed. */
  ensure(writer: Writer, names: ReadonlySet<string>): Promise<ReadonlyMap<string, number>>;
  remember(ids: ReadonlyMap<string, number>): void;
}

/** Names come from clients: past this many the memory starts afresh. */
const MOST_REMEMBERED = 100_000;

export function createMetricIds(database: Database): MetricIds {
  const known = new Map<string, number>();
  const remember = (ids: ReadonlyMap<string, number>): void => {
    if (known.size + ids.size > MOST_REMEMBERED) known.clear();
    for (const [name, id] of ids) known.set(name, id);
  };
  return {
    isKnown: (name) => known.has(name),
    remember,
    async lookUp(names) {
      const missing = names.filter((name) => !known.has(name));
      if (missing.length > 0) remember(await findMetricIds(database.read, missing));
      return new Map(names.flatMap((name) => (known.has(name) ? [[name, known.get(name) ?? 0] as const] : [])));
    },
    async ensure(writer, names) {
      const ids = new Map<string, number>();
      const missing: string[] = [];
      for (const name of names) {
        const id = known.get(name);
        if (id === undefined) missing.push(name);
        else ids.set(name, id);
      }
      if (missing.length > 0) for (const [name, id] of await addMetricIds(writer, missing)) ids.set(name, id);
      return ids;
    },
  };
}
