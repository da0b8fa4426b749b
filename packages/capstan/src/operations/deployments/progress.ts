import type { RolloutProgress } from './decide.ts';
import type { RolloutRow } from './store.ts';

/** What is stored of a rollout beside its columns: everything needed to make each decision again. */
export interface StoredProgress extends Omit<RolloutProgress, 'state' | 'stage'> {
  /** Version of the snapshot that began the stage: replicas that report an older one do not serve it yet. */
  readonly publishedVersion: number;
}

export function progressOf(row: RolloutRow): RolloutProgress & StoredProgress {
  const stored = JSON.parse(row.progress) as StoredProgress;
  return { ...stored, state: row.state, stage: row.stage };
}

export function storedProgress(progress: RolloutProgress, publishedVersion: number): string {
  const { state: _state, stage: _stage, ...rest } = progress;
  return JSON.stringify({ ...rest, publishedVersion } satisfies StoredProgress);
}
