// Which experiment here stands for one of another tracker. Pure.
import type { Experiment, KeyValue, Lifecycle } from '../model.ts';

/** An experiment as another tracker has it. */
export interface ForeignExperiment {
  /** Its id there. */
  readonly sourceId: string;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
}

/** It kept its id, took another one, went into one of its name, or was brought before. */
export type PlacementKind = 'kept' | 'renumbered' | 'merged' | 'known';

export interface Placement {
  readonly sourceId: string;
  readonly name: string;
  /** Decimal digits. */
  readonly id: string;
  readonly how: PlacementKind;
}

/** What is here already. */
export interface TakenExperiments {
  readonly byName: ReadonlyMap<string, Pick<Experiment, 'id'>>;
  readonly ids: ReadonlySet<string>;
  /** From earlier imports: id there → id here. */
  readonly known: ReadonlyMap<string, string>;
  /** Greater than any id here. */
  readonly nextId: number;
}

const keepable = /^(0|[1-9]\d{0,14})$/;

/**
 * Decides for each, in the order given: one brought before stays what it was; one whose name is taken here goes into that
 * experiment; one whose id is free keeps it; any other gets the next free id.
 */
export function placeExperiments(foreign: readonly ForeignExperiment[], taken: TakenExperiments): Placement[] {
  const ids = new Set(taken.ids);
  // Ids that are kept are given first, so that no new number takes one of them.
  const kept = new Map<string, string>();
  for (const { sourceId, name } of foreign) {
    if (taken.known.has(sourceId) || taken.byName.has(name) || !keepable.test(sourceId) || ids.has(sourceId)) continue;
    kept.set(sourceId, sourceId);
    ids.add(sourceId);
  }
  let next = Math.max(1, taken.nextId, ...[...kept.keys()].map((id) => Number(id) + 1));
  return foreign.map(({ sourceId, name }): Placement => {
    const known = taken.known.get(sourceId);
    if (known !== undefined) return { sourceId, name, id: known, how: 'known' };
    const namesake = taken.byName.get(name);
    if (namesake) return { sourceId, name, id: namesake.id, how: 'merged' };
    const own = kept.get(sourceId);
    if (own !== undefined) return { sourceId, name, id: own, how: 'kept' };
    const id = String(next);
    next += 1;
    return { sourceId, name, id, how: 'renumbered' };
  });
}
