// Another experiment tracker's data, written anew: what a tracking source gives, in the order in which it refers.
import type { Readable } from 'node:stream';
import type {
  FileOwner,
  RunPoints,
  SourceEvaluationDataset,
  SourceExperiment,
  SourceLoggedModel,
  SourceModel,
  SourceRecord,
  SourceRun,
  SourceScorer,
  SourceSpan,
  SourceTrace,
} from './tracking-source.ts';

export interface TrackingSink {
  experiments(experiments: readonly SourceExperiment[]): void;
  runs(runs: readonly SourceRun[]): void;
  /** Points of runs that were written. */
  points(points: RunPoints): void;
  loggedModels(models: readonly SourceLoggedModel[]): void;
  registeredModel(model: SourceModel): void;
  traces(traces: readonly SourceTrace[]): void;
  /** Spans of a trace that was written. */
  spans(trace: SourceTrace, spans: readonly SourceSpan[]): void;
  evaluationDataset(dataset: SourceEvaluationDataset): void;
  /** Records of a dataset that was written. */
  records(datasetId: string, records: readonly SourceRecord[]): void;
  scorer(scorer: SourceScorer): void;
  /** A file of a run, logged model or trace that was written. */
  file(owner: FileOwner, path: string, bytes: Readable): Promise<void>;
  /** Makes what was written the data; before, there is none. Returns what one would do with it, as lines for a person. */
  finish(): Promise<readonly string[]>;
  /** Takes away what is not finished. */
  discard(): Promise<void>;
}
