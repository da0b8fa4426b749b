import type { Database, Writer } from '#database';
import type { Events } from '#events';
import type { Experiments, ReadReferences } from '#model/experiments';
import type { BlobHolder } from '#ports/blob-holder';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';

export interface RetentionDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly blobs: BlobStore;
  readonly experiments: Experiments;
  /** Who needs runs, logged models or their files. */
  readonly references: ReadReferences;
  /** Removes what modules beside experiments keep in one that is purged. Returns how many rows. */
  emptyExperiment(writer: Writer, experimentId: string): Promise<number>;
  /** Everybody who refers to blobs: one that is left out here loses its bytes. */
  readonly holders: readonly BlobHolder[];
  readonly policy: {
    /** How long things stay in the trash; null for ever. */
    readonly retentionMs: number | null;
    /** Blobs put within this time are left alone, by real time: an upload under way may be about to refer to them. */
    readonly graceMs: number;
  };
}
