import type { LockEntry, Stage } from '#kernel/pipeline-definition';
import type { PipelineFormat } from '../format.ts';
import type { StoredOutput } from '../model.ts';
import { sharedOutputs, type OutputStores } from './outputs.ts';

export interface Published {
  readonly stage: Stage;
  readonly entry: LockEntry;
  readonly outputs: readonly StoredOutput[];
}

/** Lets the format's own tool see stages as done. */
export interface Publishing {
  /** Settles once the stage is seen. A run that goes on after a kill publishes what had succeeded again. */
  publish(done: Published): Promise<void>;
}

/**
 * One at a time writes into the files that all stages share, the lock file and DVC's cache; stages that end meanwhile are
 * written together, since the lock file is written as a whole.
 * @param order names of all stages
 */
export function createPublishing(stores: OutputStores, folder: string, order: readonly string[]): Publishing {
  let waiting: Published[] = [];
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function write(): Promise<void> {
    next = undefined;
    const portion = waiting;
    waiting = [];
    const { blobs, format } = stores;
    for (const { stage, entry, outputs } of portion)
      await format.shareOutputs(folder, sharedOutputs(blobs, stage, outputs, entry.outputs));
    await format.writeLock(folder, entriesOf(portion), order);
  }

  return {
    publish(done) {
      waiting.push(done);
      next ??= last.then(write);
      // One that failed keeps nobody behind it waiting.
      last = next.catch(() => {});
      return next;
    },
  };
}

function entriesOf(portion: readonly Published[]): Parameters<PipelineFormat['writeLock']>[1] {
  return new Map(portion.map(({ stage, entry }) => [stage.name, entry]));
}
