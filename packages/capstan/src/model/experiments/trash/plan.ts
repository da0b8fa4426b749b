// What may leave the trash for good, and what is held by whom. Reads only.
import type { Reader } from '#database';
import { findExperiment } from '../experiment.store.ts';
import { experimentNumber } from '../naming.ts';
import { findPurgeables, type Purgeable, type TrashKey } from './trash.store.ts';

/** Somebody outside this module who needs a run, a logged model or the files under a root. */
export interface Reference {
  /** Who, as people read it: `model version late-arrival/3`. */
  readonly by: string;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
  readonly root: string | null;
}

/** Asked inside the transaction that purges, so that no reference is made in between. */
export type ReadReferences = (reader: Reader) => Promise<readonly Reference[]>;

export interface Held extends TrashKey {
  readonly name: string;
  readonly by: readonly string[];
}

/** One thing that goes, with the runs and logged models that go with it. */
export interface PlannedPurge extends TrashKey {
  readonly name: string;
  readonly experimentName: string;
  readonly experimentId: string;
  readonly parts: readonly Purgeable[];
}

export interface PurgePlan {
  readonly go: readonly PlannedPurge[];
  readonly held: readonly Held[];
  /** Not in the trash, or not there at all. */
  readonly absent: readonly (TrashKey & { readonly isActive: boolean })[];
}

/** Clients log to it without asking whether it is there. */
const DEFAULT_EXPERIMENT = '0';

export async function planPurge(
  reader: Reader,
  keys: readonly TrashKey[],
  references: readonly Reference[],
): Promise<PurgePlan> {
  const holders = holdersOf(references);
  const go: PlannedPurge[] = [];
  const held: Held[] = [];
  const absent: (TrashKey & { isActive: boolean })[] = [];
  const decide = (planned: PlannedPurge, isHeldAnyway: readonly string[] = []): void => {
    const by = [...new Set([...isHeldAnyway, ...planned.parts.flatMap(holders)])];
    if (by.length === 0) go.push(planned);
    else held.push({ kind: planned.kind, id: planned.id, name: planned.name, by });
  };

  for (const { kind, id } of keys) {
    if (kind !== 'experiment') continue;
    const number = experimentNumber(id);
    const experiment = number === undefined ? undefined : await findExperiment(reader, number);
    if (experiment?.lifecycle !== 'deleted') {
      absent.push({ kind, id, isActive: experiment !== undefined });
      continue;
    }
    const parts = await findPurgeables(reader, { experiment: Number(id) });
    const about = { kind, id, name: experiment.name, experimentName: experiment.name, experimentId: id, parts };
    decide(about, id === DEFAULT_EXPERIMENT ? ['the server: clients log to the default experiment unasked'] : []);
  }
  const goesAnyway = new Set(go.flatMap((planned) => planned.parts.map((part) => part.root)));
  for (const kind of ['run', 'logged-model'] as const) {
    const wanted = new Set(keys.filter((key) => key.kind === kind).map((key) => key.id));
    for (const part of await findPurgeables(reader, { kind, ids: [...wanted] })) {
      wanted.delete(part.id);
      if (goesAnyway.has(part.root)) continue;
      const { id, name, experimentName, experimentId } = part;
      if (part.lifecycle === 'active') absent.push({ kind, id, isActive: true });
      else decide({ kind, id, name, experimentName, experimentId: String(experimentId), parts: [part] });
    }
    for (const id of wanted) absent.push({ kind, id, isActive: false });
  }
  return { go, held, absent };
}

function holdersOf(references: readonly Reference[]): (part: Purgeable) => string[] {
  const byRun = Map.groupBy(references, (reference) => reference.runId);
  const byModel = Map.groupBy(references, (reference) => reference.loggedModelId);
  const byRoot = Map.groupBy(references, (reference) => reference.root);
  return (part) => {
    const own = part.kind === 'run' ? byRun.get(part.id) : byModel.get(part.id);
    return [...(own ?? []), ...(byRoot.get(part.root) ?? [])].map((reference) => reference.by);
  };
}
