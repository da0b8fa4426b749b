import { setImmediate as letOthers } from 'node:timers/promises';
import type { Database } from '#database';
import { changedRuns, keysOfRuns } from './key.store.ts';

/** Names of metrics, params and tags, sorted. */
export interface KeyNames {
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly tags: readonly string[];
}

/** Runs read at once: other calls get their turn in between. */
const CHUNK = 1_000;
/** A transaction that is under way may commit a change dated before what has been read. */
const MARGIN_MS = 60_000;

const kinds = ['metrics', 'params', 'tags'] as const;
type Kind = (typeof kinds)[number];

interface Known {
  readonly keys: Readonly<Record<Kind, Set<string>>>;
  /** Changes before this instant have been read. */
  readThrough: number;
  /** Runs up to this key have been read. */
  lastKey: number;
  reading: Promise<void> | undefined;
}

export interface LoggedKeyNames {
  of(experiment: number): Promise<KeyNames>;
  /** After runs were removed for good: their names must not be told any more. */
  forget(): void;
}

/**
 * Names of what runs of an experiment have ever logged. The first question reads every run of it, later ones only those
 * that changed since: 100,000 runs hold millions of rows, and writers shall not pay for keeping the list.
 */
export function createLoggedKeys(database: Database): LoggedKeyNames {
  const known = new Map<number, Known>();
  const reader = database.longRead();

  async function read(experiment: number, found: Known): Promise<void> {
    const { keys, newest } = await changedRuns(reader, experiment, {
      since: found.readThrough,
      behind: found.lastKey,
    });
    for (let start = 0; start < keys.length; start += CHUNK) {
      const names = await keysOfRuns(reader, keys.slice(start, start + CHUNK));
      for (const kind of kinds) for (const name of names[kind]) found.keys[kind].add(name);
      await letOthers();
    }
    found.readThrough = Math.max(0, newest - MARGIN_MS);
    found.lastKey = Math.max(found.lastKey, keys.at(-1) ?? 0);
  }

  async function of(experiment: number): Promise<KeyNames> {
    const found = known.get(experiment) ?? {
      keys: { metrics: new Set<string>(), params: new Set<string>(), tags: new Set<string>() },
      readThrough: 0,
      lastKey: 0,
      reading: undefined,
    };
    known.set(experiment, found);
    found.reading ??= read(experiment, found).finally(() => (found.reading = undefined));
    await found.reading;
    const sorted = (kind: Kind): string[] => [...found.keys[kind]].toSorted();
    return { metrics: sorted('metrics'), params: sorted('params'), tags: sorted('tags') };
  }

  return { of, forget: () => known.clear() };
}
