// What runs say of one thing each, as rows of a comparison. Pure.
import type { RunSummary } from '../../../app/replies.ts';
import type { Dimension } from '../../../design/dimension.ts';
import { isLessBetter } from '../columns.ts';

export interface CompareRow {
  readonly section: 'Run' | 'Metrics' | 'Params' | 'Tags';
  readonly key: string;
  /** Of each run, in order; undefined where it has none. */
  readonly values: readonly (string | number | undefined)[];
  readonly isDifferent: boolean;
}

/** MLflow's own records, of no use side by side. */
const HIDDEN_TAGS = new Set(['mlflow.runName', 'mlflow.log-model.history', 'mlflow.loggedArtifacts']);

function rowOf(section: CompareRow['section'], key: string, values: CompareRow['values']): CompareRow {
  return { section, key, values, isDifferent: new Set(values).size > 1 };
}

/** Those that all runs have first: they are what can be compared. */
function keysOf(runs: readonly RunSummary[], kind: 'metrics' | 'params' | 'tags'): string[] {
  const counts = new Map<string, number>();
  for (const key of runs.flatMap((run) => Object.keys(run[kind]))) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .toSorted(([a, inA], [b, inB]) => inB - inA || a.localeCompare(b, 'en', { numeric: true }))
    .map(([key]) => key);
}

export function compareRows(runs: readonly RunSummary[]): CompareRow[] {
  return [
    rowOf(
      'Run',
      'status',
      runs.map((run) => (run.liveness === 'lost' ? 'lost' : run.status.toLowerCase())),
    ),
    rowOf(
      'Run',
      'took, s',
      runs.map((run) => (run.endTime === null ? undefined : (run.endTime - run.startTime) / 1_000)),
    ),
    rowOf(
      'Run',
      'user',
      runs.map((run) => run.user),
    ),
    ...keysOf(runs, 'metrics').map((key) =>
      rowOf(
        'Metrics',
        key,
        runs.map((run) => metricValue(run, key)),
      ),
    ),
    ...keysOf(runs, 'params').map((key) =>
      rowOf(
        'Params',
        key,
        runs.map((run) => run.params[key]),
      ),
    ),
    ...keysOf(runs, 'tags')
      .filter((key) => !HIDDEN_TAGS.has(key))
      .map((key) =>
        rowOf(
          'Tags',
          key,
          runs.map((run) => run.tags[key]),
        ),
      ),
  ];
}

function metricValue(run: RunSummary, key: string): number | undefined {
  const value = run.metrics[key]?.value;
  return value === 'NaN' ? Number.NaN : value;
}

export interface Delta {
  readonly by: number;
  /** Share of the baseline; undefined where that is 0. */
  readonly share: number | undefined;
  readonly isBetter: boolean;
}

/** How far a metric is from the baseline's; undefined for no difference and for what has none. */
export function deltaOf(
  key: string,
  value: number | string | undefined,
  base: number | string | undefined,
): Delta | undefined {
  if (typeof value !== 'number' || typeof base !== 'number') return undefined;
  const by = value - base;
  if (by === 0 || !Number.isFinite(by)) return undefined;
  return { by, share: base === 0 ? undefined : by / Math.abs(base), isBetter: by < 0 === isLessBetter(key) };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Every param and metric that differs between the runs: params first, as what was turned comes before what came of it. */
export function dimensionsOf(runs: readonly RunSummary[]): Dimension[] {
  return compareRows(runs)
    .filter((row) => row.isDifferent && (row.section === 'Params' || row.section === 'Metrics'))
    .toSorted((a, b) => Number(a.section === 'Metrics') - Number(b.section === 'Metrics'))
    .map((row) => {
      const given = row.values.filter((value) => value !== undefined);
      const isNumeric = given.every((value) => typeof value === 'number' || NUMBER.test(value));
      const values = row.values.map((value) => (value === undefined || !isNumeric ? value : Number(value)));
      const words = isNumeric ? undefined : [...new Set(given.map(String))].toSorted();
      return { id: `${row.section.toLowerCase()}.${row.key}`, values, words };
    });
}
