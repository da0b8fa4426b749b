import { notFound } from '#kernel/errors';
import type { RegistryDeps } from './deps.ts';
import * as store from './history.store.ts';
import type { AliasMove, ChangeKind, HistoryEntry } from './model.ts';

/** Reading what happened. Entries are never changed or removed, whatever happens to the model. */
export interface HistoryUseCases {
  /**
   * What happened to the model under this name and to its versions, newest first: of the model that has the name now also
   * what it was before a rename, of earlier ones what they were while they had it. @throws DomainError NOT_FOUND
   */
  history(input: {
    readonly model: string;
    readonly version?: number | undefined;
    readonly kinds?: readonly ChangeKind[] | undefined;
    /** Alias, or key of a tag. */
    readonly key?: string | undefined;
    /** Only entries with a smaller `seq`. */
    readonly before?: number | undefined;
    /** Only what had happened by then. */
    readonly until?: number | undefined;
    readonly limit: number;
  }): Promise<readonly HistoryEntry[]>;
  /** Who moved what, when, from where to where; newest first. @throws DomainError NOT_FOUND */
  aliasHistory(input: {
    readonly model: string;
    readonly alias?: string | undefined;
    readonly before?: number | undefined;
    readonly until?: number | undefined;
    readonly limit: number;
  }): Promise<readonly AliasMove[]>;
  /** What the alias meant at a time: null where it pointed nowhere. @throws DomainError NOT_FOUND for the model */
  aliasAt(model: string, alias: string, at: number): Promise<AliasState>;
  /** The changes that a fact of the chain stands for, with their full values. */
  changesOf(eventSeq: number): Promise<readonly HistoryEntry[]>;
}

export interface AliasState {
  readonly version: number | null;
  /** The move since which it is so; null where there was none yet. */
  readonly move: AliasMove | null;
}

const MOVES = ['alias.set', 'alias.removed'] as const;

export function historyUseCases({ database }: RegistryDeps): HistoryUseCases {
  async function bearersOf(model: string): Promise<store.Bearers> {
    const bearers = await store.bearersOf(database.read, model);
    if (bearers.ids.length === 0) throw notFound('registered model', model, 'None has ever had this name.');
    return bearers;
  }

  return {
    history: async ({ model, ...query }) => await store.historyOf(database.read, await bearersOf(model), query),
    async aliasHistory({ model, alias, ...query }) {
      const entries = await store.historyOf(database.read, await bearersOf(model), {
        ...query,
        kinds: MOVES,
        key: alias,
      });
      return entries.map(toMove);
    },
    async aliasAt(model, alias, at) {
      const entry = await store.lastMove(database.read, await bearersOf(model), alias, at);
      if (!entry || entry.kind === 'model.renamed') return { version: null, move: null };
      const move = toMove(entry);
      return { version: move.to, move };
    },
    changesOf: (eventSeq) => store.changesOf(database.read, eventSeq),
  };
}

function toMove({ seq, key, from, to, actor, reason, verdictId, at }: HistoryEntry): AliasMove {
  return { seq, alias: key, from: numberOf(from), to: numberOf(to), actor, reason, verdictId, at };
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
