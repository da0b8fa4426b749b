import type { Database } from '#database';
import type { Events } from '#events';
import type { Cause } from '#kernel/cause';
import type { Experiments, ForeignExperiment, Placement } from '#model/experiments';
import * as store from './store.ts';

export interface ImportsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly experiments: Experiments;
}

interface About {
  /** Address of the tracker, without credentials. */
  readonly source: string;
  readonly cause: Cause;
}

export interface Imports {
  start(input: About & { readonly kind: string }): Promise<void>;
  /** As `importExperiments`, knowing what earlier imports from that source decided. @throws DomainError INVALID_ARGUMENT */
  placeExperiments(
    input: About & { readonly experiments: readonly ForeignExperiment[]; readonly isDryRun: boolean },
  ): Promise<readonly Placement[]>;
  /** Ids of the objects that are not here as their marks say. */
  pending(input: {
    readonly source: string;
    readonly kind: store.MarkKind;
    readonly items: readonly store.Mark[];
  }): Promise<readonly string[]>;
  /** Remembers that the objects are here whole. */
  done(input: {
    readonly source: string;
    readonly kind: store.MarkKind;
    readonly items: readonly store.Mark[];
  }): Promise<void>;
  finish(input: About & { readonly counts: Readonly<Record<string, number>>; readonly refused: number }): Promise<void>;
}

export function createImports({ database, events, experiments }: ImportsDeps): Imports {
  return {
    async start({ source, kind, cause }) {
      await database.write((writer) =>
        events.append(writer, cause, {
          type: 'import.started',
          subject: `import:${source}`,
          payload: { source, kind },
        }),
      );
    },
    async placeExperiments({ source, experiments: foreign, isDryRun, cause }) {
      const known = await store.knownExperiments(database.read, source);
      const placed = await experiments.importExperiments({ source, experiments: foreign, known, isDryRun, cause });
      // An end between the two is no harm: the next import finds the experiments by their names.
      if (!isDryRun) {
        await database.write((writer) => store.rememberExperiments(database, writer, source, placed));
      }
      return placed;
    },
    async pending({ source, kind, items }) {
      const ids = items.map((item) => item.id);
      const marks = await store.marksOf(database.read, source, kind, ids);
      return items.filter((item) => marks.get(item.id) !== item.mark).map((item) => item.id);
    },
    async done({ source, kind, items }) {
      if (items.length === 0) return;
      // Lost, it is done again.
      await database.write((writer) => store.putMarks(database, writer, source, kind, items), { canBeRedone: true });
    },
    async finish({ source, counts, refused, cause }) {
      await database.write((writer) =>
        events.append(writer, cause, {
          type: 'import.ended',
          subject: `import:${source}`,
          payload: { source, counts: { ...counts }, refused },
        }),
      );
    },
  };
}
