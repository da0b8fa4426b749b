import { count, type Counts } from './progress.ts';

const words: Readonly<Record<Exclude<keyof Counts, 'bytes'>, string>> = {
  experiments: 'experiments',
  runs: 'runs',
  unchangedRuns: 'runs here already',
  points: 'points',
  loggedModels: 'logged models',
  registeredModels: 'registered models',
  modelVersions: 'model versions',
  traces: 'traces',
  unchangedTraces: 'traces here already',
  spans: 'spans',
  evaluationDatasets: 'evaluation datasets',
  records: 'records',
  scorers: 'scorers',
  files: 'files',
};

/** A heading and under it what there is of each kind. */
export function summaryOf(heading: string, counts: Readonly<Counts>): string {
  const kinds = Object.keys(words) as (keyof typeof words)[];
  const told = kinds.filter((kind) => counts[kind] > 0).map((kind) => `  ${count(counts[kind])} ${words[kind]}`);
  return [heading, ...told].join('\n');
}
