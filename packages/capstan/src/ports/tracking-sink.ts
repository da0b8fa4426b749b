// Another experiment tracker's data, written anew: what a tracking source gives, in the order in which it refers.
import type { Readable } from 'node:stream';
import type {
  FileOwner,
  RunPoints,
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourceRun,
} from './tracking-source.ts';

export interface TrackingSink {
  experiments(experiments: readonly SourceExperiment[]): void;
  runs(runs: readonly SourceRun[]): void;
  /** Points of runs that were written. */
  points(points: RunPoints): void;
  loggedModels(models: readonly SourceLoggedModel[]): void;
  registeredModel(model: SourceModel): void;
  /** A file of a run or logged model that was written. */
  file(owner: FileOwner, path: string, bytes: Readable): Promise<void>;
  /** Makes what was written the data; before, there is none. Returns what one would do with it, as lines for a person. */
  finish(): Promise<readonly string[]>;
  /** Takes away what is not finished. */
  discard(): Promise<void>;
}
