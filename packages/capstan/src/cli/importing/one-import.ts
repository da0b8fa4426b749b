// What every part of an import works with.
import type { TrackingSource } from '#ports/tracking-source';
import type { Progress } from './progress.ts';
import { isRefusal } from './runs.ts';
import type { Target } from './target.ts';

export interface ImportOptions {
  /** Only experiments of these names or ids; all of them when empty. */
  readonly experiments: readonly string[];
  readonly hasFiles: boolean;
  /** Looks and tells, and changes nothing. */
  readonly isDryRun: boolean;
}

export interface Import {
  readonly source: TrackingSource;
  readonly target: Target;
  readonly options: ImportOptions;
  readonly progress: Progress;
  /** Id here by id there. */
  readonly places: ReadonlyMap<string, string>;
}

/** False where the server refuses it, which is told. */
export async function unlessRefused(progress: Progress, what: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    progress.tell({ event: 'refused', what, reason: error.problem.detail });
    return false;
  }
}
